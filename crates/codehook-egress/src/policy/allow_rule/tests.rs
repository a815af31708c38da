use proptest::prelude::*;

use super::*;

fn permits(rule: &str, url: &str) -> bool {
    let rule: AllowRule = rule.parse().unwrap();
    rule.permits(&Target::parse(url).unwrap())
}

#[test]
fn a_plain_host_means_both_schemes_on_their_own_ports() {
    let rule = "api.example.com";
    assert!(permits(rule, "http://api.example.com/"));
    assert!(permits(rule, "https://api.example.com/x"));
    assert!(permits(rule, "https://API.Example.COM./x"));
    assert!(!permits(rule, "https://api.example.com:8443/"));
    assert!(!permits(rule, "http://api.example.com:443/"));
    assert!(!permits(rule, "https://example.com/"));
    assert!(!permits(rule, "https://xapi.example.com/"));
    assert!(!permits(rule, "https://a.api.example.com/"));
    assert!(!permits(rule, "https://api.example.com.evil.test/"));
}

#[test]
fn a_wildcard_means_sub_domains_only() {
    let rule = "*.example.com";
    assert!(permits(rule, "https://a.example.com/"));
    assert!(permits(rule, "https://a.b.example.com/"));
    assert!(!permits(rule, "https://example.com/"));
    assert!(!permits(rule, "https://notexample.com/"));
    assert!(!permits(rule, "https://example.com.test/"));
}

#[test]
fn scheme_and_port_narrow_a_rule() {
    assert!(permits("https://h.test", "https://h.test/"));
    assert!(!permits("https://h.test", "http://h.test/"));
    assert!(!permits("https://h.test", "https://h.test:444/"));
    assert!(permits("h.test:8080", "http://h.test:8080/"));
    assert!(permits("h.test:8080", "https://h.test:8080/"));
    assert!(!permits("h.test:8080", "http://h.test/"));
    assert!(permits("h.test:443", "http://h.test:443/"));
    assert!(permits("https://h.test:8443", "https://h.test:8443/"));
    assert!(!permits("https://h.test:8443", "http://h.test:8443/"));
    assert!(permits("HTTPS://*:8443", "https://anything.test:8443/"));
}

#[test]
fn addresses_are_compared_as_addresses() {
    assert!(permits("192.0.2.1", "http://192.0.2.1/"));
    assert!(permits("192.0.2.1", "http://0xc0000201/"));
    assert!(permits("192.0.2.1", "http://3221225985/"));
    assert!(permits("192.0.2.1", "http://192.0.513/"));
    assert!(permits("[2001:db8::1]", "http://[2001:DB8:0::1]/"));
    assert!(permits("*", "http://192.0.2.1/"));
}

#[test]
fn names_are_compared_in_ascii() {
    assert!(permits("bücher.example", "https://xn--bcher-kva.example/"));
    assert!(permits("xn--bcher-kva.example", "https://BÜCHER.example/"));
    // A Cyrillic a in place of the Latin one is another host.
    assert!(!permits("example.com", "https://ex\u{430}mple.com/"));
    // Full-width letters and dots are the plain ones (UTS 46).
    assert!(permits("example.com", "https://ｅxample。com/"));
}

#[test]
fn nonsense_is_refused() {
    for rule in [
        "",
        " ",
        "ftp://h.test",
        "h.test/path",
        "https://h.test/",
        "h.test?q",
        "h.test#f",
        "user@h.test",
        "u:p@h.test",
        "h.test:",
        "h.test:0",
        "h.test:65536",
        "h.test:+80",
        "h.test:http",
        "*h.test",
        "a.*.test",
        "*.",
        "*.*",
        "**",
        "*.1",
        "..",
        "a..b",
        "h test",
        "h\ttest",
        "2001:db8::1",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[h.test]",
        "h%2etest",
        "a\\b",
        "http://",
        "://h",
        "h\u{0}",
        "*.[::1]",
    ] {
        assert!(rule.parse::<AllowRule>().is_err(), "{rule:?}");
    }
}

#[test]
fn an_error_shows_no_password() {
    let error = "https://user:hunter2@h.test"
        .parse::<AllowRule>()
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
    let error = "https://h.test/p?token=hunter2"
        .parse::<AllowRule>()
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}

prop_compose! {
    fn a_name()(labels in prop::collection::vec("[a-z][a-z0-9]{0,8}", 1..4)) -> String {
        labels.join(".")
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".*") {
        if let Ok(rule) = text.parse::<AllowRule>() {
            prop_assert_eq!(&rule.to_string().parse::<AllowRule>().unwrap(), &rule);
        }
    }

    #[test]
    fn a_rule_survives_being_written(
        scheme in prop::option::of(prop::sample::select(vec!["http", "https"])),
        wild: bool,
        name in a_name(),
        port in prop::option::of(1..=u16::MAX),
    ) {
        let mut text = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        text += if wild { "*." } else { "" };
        text += &name;
        text += &port.map(|port| format!(":{port}")).unwrap_or_default();
        let rule: AllowRule = text.parse().unwrap();
        prop_assert_eq!(rule.to_string(), text);
    }

    #[test]
    fn a_wildcard_matches_exactly_the_names_below(above in a_name(), below in a_name()) {
        let rule = format!("*.{above}");
        let (sub_domain, itself) =
            (format!("http://{below}.{above}/"), format!("http://{above}/"));
        let (glued, extended) =
            (format!("http://{below}{above}/"), format!("http://{above}.{below}/"));
        prop_assert!(permits(&rule, &sub_domain));
        prop_assert!(!permits(&rule, &itself));
        prop_assert_eq!(permits(&rule, &glued), format!("{below}{above}").ends_with(&format!(".{above}")));
        prop_assert_eq!(
            permits(&rule, &extended),
            format!("{above}.{below}").ends_with(&format!(".{above}"))
        );
    }
}
