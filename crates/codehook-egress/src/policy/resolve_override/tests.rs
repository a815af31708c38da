use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> ResolveOverride {
    text.parse().unwrap()
}

fn found(overrides: &[&str], host: &str, port: u16) -> Option<Vec<String>> {
    let overrides: Vec<_> = overrides.iter().map(|text| parse(text)).collect();
    let host = Host::parse(host).unwrap();
    ResolveOverride::find(&overrides, &host, port)
        .map(|addresses| addresses.iter().map(ToString::to_string).collect())
}

#[test]
fn means_what_curl_means() {
    let one = ["api.test:443:192.0.2.1"];
    assert_eq!(
        found(&one, "API.test.", 443),
        Some(vec!["192.0.2.1".into()])
    );
    assert_eq!(found(&one, "api.test", 80), None);
    assert_eq!(found(&one, "other.test", 443), None);
    let several = ["+api.test:443:192.0.2.1,[2001:db8::1],2001:db8::2"];
    assert_eq!(
        found(&several, "api.test", 443),
        Some(vec![
            "192.0.2.1".into(),
            "2001:db8::1".into(),
            "2001:db8::2".into()
        ])
    );
}

#[test]
fn the_later_and_the_more_exact_entry_counts() {
    let overrides = [
        "api.test:443:192.0.2.1",
        "api.test:443:192.0.2.2",
        "*:443:192.0.2.3",
    ];
    assert_eq!(
        found(&overrides, "api.test", 443),
        Some(vec!["192.0.2.2".into()])
    );
    assert_eq!(
        found(&overrides, "other.test", 443),
        Some(vec!["192.0.2.3".into()])
    );
    assert_eq!(found(&overrides, "other.test", 80), None);
}

#[test]
fn nonsense_is_refused() {
    assert!(matches!(
        "-api.test:443".parse::<ResolveOverride>(),
        Err(ResolveOverrideError::Removal(_))
    ));
    for text in [
        "",
        "api.test",
        "api.test:443",
        "api.test:443:",
        "api.test::192.0.2.1",
        ":443:192.0.2.1",
        "api.test:0:192.0.2.1",
        "api.test:70000:192.0.2.1",
        "api.test:443:other.test",
        "api.test:443:192.0.2.1,",
        "api.test:443:192.0.2.1, 192.0.2.2",
        "api.test:443:[192.0.2.1]",
        "api.test:443:[::1",
        "api.test:443:fe80::1%eth0",
        "*.test:443:192.0.2.1",
        "a b:1:192.0.2.1",
        "api.test:443:127.1",
    ] {
        assert!(text.parse::<ResolveOverride>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".*") {
        if let Ok(entry) = text.parse::<ResolveOverride>() {
            prop_assert_eq!(parse(&entry.to_string()), entry);
        }
    }

    #[test]
    fn an_override_survives_being_written(
        host in "(\\*|[a-z]{1,8}\\.test|\\[2001:db8::[1-9]\\])",
        port in 1..=u16::MAX,
        addresses in prop::collection::vec(any::<IpAddr>(), 1..4),
    ) {
        let listed: Vec<_> = addresses.iter().map(|address| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }).collect();
        let text = format!("{host}:{port}:{}", listed.join(","));
        let entry = parse(&text);
        prop_assert_eq!(&entry.addresses, &addresses);
        prop_assert_eq!(entry.to_string(), text);
    }
}
