//! An allow rule, a URL and an answer of the resolver: who is let through, and to where.

use std::net::IpAddr;

use codehook_egress::{AllowRule, EgressError, Policy, PrivateNetworks};

use crate::address::is_inside;
use crate::parts;

/// Rule, URL and addresses (16 bytes each, IPv6; IPv4 ones are mapped).
///
/// # Panics
/// When an address inside is let through, an address that nobody gave is connected to, or a rule means something else
/// once it was written down.
pub fn url(data: &[u8]) {
    let [rule, url, addresses] = parts(data);
    let (Ok(rule), Ok(url)) = (str::from_utf8(rule), str::from_utf8(url)) else {
        return;
    };
    let Ok(rule) = rule.parse::<AllowRule>() else {
        return;
    };
    let found: Vec<IpAddr> = addresses
        .chunks_exact(16)
        .map(|bytes| u128::from_be_bytes(bytes.try_into().expect("16 bytes")))
        .map(|bits| IpAddr::V6(bits.into()))
        .flat_map(|address| [address, address.to_canonical()])
        .collect();
    let policy = |rule: AllowRule, private_networks| Policy {
        allow: vec![rule],
        private_networks,
        ..Policy::default()
    };
    let closed = policy(rule.clone(), PrivateNetworks::Refused);
    let judged = closed.judge(url, &found);
    check(&rule, url, &found, &judged);

    let written: AllowRule = rule
        .to_string()
        .parse()
        .expect("a rule that was written down");
    assert_eq!(written, rule, "{rule}");
    let open = policy(rule.clone(), PrivateNetworks::Opened);
    if let Ok(addresses) = &judged {
        let opened = open.judge(url, &found).expect("more is allowed");
        assert!(addresses.iter().all(|address| opened.contains(address)));
    }
    if let Ok(addresses) = open.judge(url, &found) {
        // Named itself it may be reached; this is no rule that names it when a name was asked for.
        let named = addresses
            .iter()
            .all(|address| url.contains(&address.to_string()));
        let metadata: IpAddr = [169, 254, 169, 254].into();
        assert!(!addresses.contains(&metadata) || named || rule.to_string().contains("169.254"));
    }
}

fn check(rule: &AllowRule, url: &str, found: &[IpAddr], judged: &Result<Vec<IpAddr>, EgressError>) {
    let addresses = match judged {
        Ok(addresses) => addresses,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!addresses.is_empty());
    let parsed = url::Url::parse(url).expect("a URL that was let through");
    let host = parsed.host().expect("a host that was let through");
    let literal = match host {
        url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
        url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
        url::Host::Domain(_) => None,
    };
    for address in addresses {
        assert!(!is_inside(*address), "{url} may connect to {address}");
        match literal {
            Some(literal) => assert_eq!(*address, literal),
            None => assert!(found.contains(address)),
        }
    }
    assert!(matches!(parsed.scheme(), "http" | "https"), "{url}");
    assert!(
        parsed.username().is_empty() && parsed.password().is_none(),
        "{url}"
    );
    let text = rule.to_string();
    let host = host.to_string();
    let host = host.trim_end_matches('.');
    let named = text.split("://").last().unwrap_or_default();
    let allowed = match named.strip_prefix('*') {
        Some(rest) if rest.starts_with('.') => {
            let suffix = rest.rsplit_once(':').map_or(rest, |(suffix, _)| suffix);
            host.ends_with(suffix)
        }
        Some(_) => true,
        None => named.starts_with(host),
    };
    assert!(allowed, "{url} is let through by {text}");
}
