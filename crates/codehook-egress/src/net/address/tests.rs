use proptest::prelude::*;

use super::*;

fn kind_of(text: &str) -> AddressKind {
    kind(text.parse().unwrap())
}

#[test]
fn public_addresses_are_public() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:81b::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ] {
        assert_eq!(kind_of(text), AddressKind::Public, "{text}");
    }
}

#[test]
fn special_addresses_are_private() {
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b:1::1",
        "100::1",
        "5f00::1",
        "2001:2::1",
        "2001:20::1",
        "4000::1",
        "::ffff:0:127.0.0.1",
    ] {
        assert_eq!(kind_of(text), AddressKind::Private, "{text}");
    }
}

#[test]
fn metadata_is_found_in_every_disguise() {
    for text in [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::ffff:0:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        // The layouts of RFC 6052, section 2.2, for prefixes of 48, 56 and 64 bits.
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
    ] {
        assert_eq!(kind_of(text), AddressKind::Metadata, "{text}");
    }
}

/// Any address of a block: the block's own bits, and random ones below.
fn in_v4(net: Ipv4Net, random: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.network()) | (random & u32::from(net.hostmask())))
}

fn in_v6(net: Ipv6Net, random: u128) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(net.network()) | (random & u128::from(net.hostmask())))
}

proptest! {
    #[test]
    fn every_address_of_a_private_v4_block_is_refused(
        block in 0..PRIVATE_V4.len(), random: u32,
    ) {
        let address = in_v4(PRIVATE_V4[block].0, random);
        prop_assert_ne!(kind(address.into()), AddressKind::Public);
    }

    #[test]
    fn every_address_of_a_private_v6_block_is_refused(
        block in 0..PRIVATE_V6.len(), random: u128,
    ) {
        let address = in_v6(PRIVATE_V6[block].0, random);
        prop_assert_ne!(kind(address.into()), AddressKind::Public);
    }

    #[test]
    fn a_hidden_private_v4_address_is_refused(block in 0..PRIVATE_V4.len(), random: u32) {
        let inside = u128::from(u32::from(in_v4(PRIVATE_V4[block].0, random)));
        for prefix in [MAPPED, COMPATIBLE, TRANSLATED, NAT64, NAT64_LOCAL] {
            let address = Ipv6Addr::from(u128::from(prefix.network()) | inside);
            prop_assert_ne!(kind(address.into()), AddressKind::Public, "{}", address);
        }
        let tunnelled = Ipv6Addr::from(u128::from(SIX_TO_FOUR.network()) | (inside << 80));
        prop_assert_ne!(kind(tunnelled.into()), AddressKind::Public);
    }

    #[test]
    fn outside_global_unicast_only_nat64_and_mapped_can_be_public(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if !GLOBAL_V6.contains(&address) && !MAPPED.contains(&address) && !NAT64.contains(&address)
        {
            prop_assert_ne!(kind(address.into()), AddressKind::Public);
        }
    }

    /// The standard library's own notion, where it has a stable one, is never wider than ours.
    #[test]
    fn agrees_with_the_standard_library(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let special = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_unspecified();
        if special {
            prop_assert_ne!(kind(address.into()), AddressKind::Public);
        }
    }
}
