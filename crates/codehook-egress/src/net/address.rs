//! The kinds of addresses that decide whether a guest may connect.
//!
//! Owns the tables of special addresses and how an IPv4 address hidden inside an IPv6 one is found. It decides on
//! addresses only, never on names, and is asked for every address just before a connection is made to that same
//! address.
//!
//! The tables follow the IANA IPv4 and IPv6 Special-Purpose Address Registries. Where a block is marked "globally
//! reachable" there but holds no web server (anycast relays, AS112 sinks inside 2001::/23), it is refused all the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The kind of an address, as far as access control is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    /// Part of the public Internet.
    Public,
    /// Private, local or otherwise special: only for a policy that opens private networks.
    Private,
    /// An address that serves a machine's credentials: only for a policy that opens private networks *and* names the
    /// address.
    Metadata,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// IPv4 blocks that are not the public Internet, each with the document that says so.
pub(crate) const PRIVATE_V4: &[(Ipv4Net, &str)] = &[
    (
        v4(0, 0, 0, 0, 8),
        "this network, RFC 791 section 3.2; 0.0.0.0 reaches the machine itself",
    ),
    (v4(10, 0, 0, 0, 8), "private use, RFC 1918"),
    (
        v4(100, 64, 0, 0, 10),
        "shared by carrier-grade NAT, RFC 6598",
    ),
    (v4(127, 0, 0, 0, 8), "loopback, RFC 1122 section 3.2.1.3"),
    (v4(169, 254, 0, 0, 16), "link-local, RFC 3927"),
    (v4(172, 16, 0, 0, 12), "private use, RFC 1918"),
    (v4(192, 0, 0, 0, 24), "IETF protocol assignments, RFC 6890"),
    (v4(192, 0, 2, 0, 24), "documentation, RFC 5737"),
    (v4(192, 31, 196, 0, 24), "AS112 sink, RFC 7535"),
    (
        v4(192, 52, 193, 0, 24),
        "automatic multicast tunnelling, RFC 7450",
    ),
    (
        v4(192, 88, 99, 0, 24),
        "6to4 relay anycast, withdrawn by RFC 7526",
    ),
    (v4(192, 168, 0, 0, 16), "private use, RFC 1918"),
    (v4(192, 175, 48, 0, 24), "AS112 sink, RFC 7534"),
    (v4(198, 18, 0, 0, 15), "benchmarking, RFC 2544"),
    (v4(198, 51, 100, 0, 24), "documentation, RFC 5737"),
    (v4(203, 0, 113, 0, 24), "documentation, RFC 5737"),
    (v4(224, 0, 0, 0, 4), "multicast, RFC 5771"),
    (
        v4(240, 0, 0, 0, 4),
        "reserved, RFC 1112 section 4; with 255.255.255.255, RFC 919",
    ),
];

/// The one block from which global unicast addresses are given out (RFC 3587; IANA IPv6 address space registry).
/// Loopback, unspecified, unique local, link-local, site-local, multicast and local-use NAT64 addresses all lie outside
/// it.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// Blocks inside [`GLOBAL_V6`] that are not the public Internet all the same.
pub(crate) const PRIVATE_V6: &[(Ipv6Net, &str)] = &[
    (
        v6([0x2001, 0, 0, 0], 23),
        "IETF protocol assignments, RFC 2928: Teredo (RFC 4380), benchmarking, ORCHID, AMT",
    ),
    (v6([0x2001, 0x0db8, 0, 0], 32), "documentation, RFC 3849"),
    (
        v6([0x2002, 0, 0, 0], 16),
        "6to4, RFC 3056: tunnels to the IPv4 address inside",
    ),
    (v6([0x2620, 0x004f, 0x8000, 0], 48), "AS112 sink, RFC 7534"),
    (v6([0x3fff, 0, 0, 0], 20), "documentation, RFC 9637"),
];

/// IPv4-mapped addresses: the kernel speaks IPv4 to the address inside (RFC 4291, section 2.5.5.2).
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
/// IPv4-compatible addresses, deprecated (RFC 4291, section 2.5.5.1).
const COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0], 96);
/// IPv4-translated addresses (RFC 2765; now RFC 7915).
const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96);
/// NAT64 with the well-known prefix: how a machine with IPv6 alone reaches the IPv4 Internet (RFC 6052, section 2.1).
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0], 96);
/// NAT64 inside one network (RFC 8215).
const NAT64_LOCAL: Ipv6Net = v6([0x0064, 0xff9b, 1, 0], 48);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0], 16);
const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0], 32);

/// Addresses at which a cloud serves the machine's credentials or its configuration, by each provider's documentation.
pub(crate) const METADATA_V4: &[(Ipv4Addr, &str)] = &[
    (
        Ipv4Addr::new(169, 254, 169, 254),
        "AWS, Azure, Google Cloud, OpenStack, Oracle, DigitalOcean and others",
    ),
    (Ipv4Addr::new(169, 254, 170, 2), "AWS ECS task credentials"),
    (Ipv4Addr::new(169, 254, 170, 23), "AWS EKS pod identity"),
    (Ipv4Addr::new(169, 254, 0, 23), "Tencent Cloud"),
    (Ipv4Addr::new(169, 254, 10, 10), "Tencent Cloud"),
    (Ipv4Addr::new(169, 254, 42, 42), "Scaleway"),
    (Ipv4Addr::new(100, 100, 100, 200), "Alibaba Cloud"),
    (Ipv4Addr::new(192, 0, 0, 192), "Oracle Cloud Classic"),
    (
        Ipv4Addr::new(168, 63, 129, 16),
        "Azure wire server: a public address, served by the host",
    ),
];

/// The same for IPv6.
pub(crate) const METADATA_V6: &[(Ipv6Addr, &str)] = &[
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), "AWS"),
    (
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
        "AWS EKS pod identity",
    ),
    (
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
        "Google Cloud",
    ),
    (
        Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
        "Oracle Cloud",
    ),
    (Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), "Scaleway"),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
        "OpenStack",
    ),
];

/// Classifies one address.
pub(crate) fn kind(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    if METADATA_V4.iter().any(|(known, _)| *known == address) {
        AddressKind::Metadata
    } else if PRIVATE_V4.iter().any(|(block, _)| block.contains(&address)) {
        AddressKind::Private
    } else {
        AddressKind::Public
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    let inside = embedded(address);
    let metadata = METADATA_V6.iter().any(|(known, _)| *known == address)
        || inside
            .iter()
            .flatten()
            .any(|v4| kind_v4(*v4) == AddressKind::Metadata);
    if metadata {
        return AddressKind::Metadata;
    }
    // Only these two lead to the IPv4 Internet by design; every other way of hiding an IPv4 address is obsolete or
    // local, and refused whatever it hides.
    if MAPPED.contains(&address) || NAT64.contains(&address) {
        return kind_v4(low_32_bits(address));
    }
    let public = GLOBAL_V6.contains(&address)
        && !PRIVATE_V6.iter().any(|(block, _)| block.contains(&address));
    if public {
        AddressKind::Public
    } else {
        AddressKind::Private
    }
}

/// Every IPv4 address that `address` may lead to. Local NAT64 leaves the prefix length to the network, so that all four
/// layouts of RFC 6052 section 2.2 that fit into it are read.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 4] {
    let bits = u128::from(address);
    // The 32 bits that end `below` bits above the lowest one.
    let take = |below: u32| Some(Ipv4Addr::from((bits >> below) as u32));
    if NAT64_LOCAL.contains(&address) {
        // Bits 64 to 71 are zero in these layouts and split the address.
        let around = |prefix: u32| {
            let joined = (bits >> 64 << 64) | ((bits << 8) & u128::from(u64::MAX));
            Some(Ipv4Addr::from((joined >> (96 - prefix)) as u32))
        };
        return [around(48), around(56), around(64), take(0)];
    }
    let found = if [MAPPED, COMPATIBLE, TRANSLATED, NAT64]
        .iter()
        .any(|net| net.contains(&address))
    {
        take(0)
    } else if SIX_TO_FOUR.contains(&address) {
        take(80)
    } else if TEREDO.contains(&address) {
        // The client's address, every bit inverted (RFC 4380, section 4).
        Some(Ipv4Addr::from(!(bits as u32)))
    } else {
        None
    };
    [found, None, None, None]
}

fn low_32_bits(address: Ipv6Addr) -> Ipv4Addr {
    Ipv4Addr::from(u128::from(address) as u32)
}

#[cfg(test)]
mod tests;
