use proptest::prelude::*;

use super::*;

fn endpoint(detours: &[&str], host: &str, port: u16) -> String {
    let detours: Vec<ConnectTo> = detours.iter().map(|text| text.parse().unwrap()).collect();
    let (host, port) = ConnectTo::endpoint(&detours, &Host::parse(host).unwrap(), port);
    format!("{host}:{port}")
}

#[test]
fn means_what_curl_means() {
    let one = ["api.test:443:127.0.0.1:8443"];
    assert_eq!(endpoint(&one, "API.test.", 443), "127.0.0.1:8443");
    assert_eq!(endpoint(&one, "api.test", 80), "api.test:80");
    assert_eq!(endpoint(&one, "other.test", 443), "other.test:443");
    let ipv6 = ["[2001:db8::1]:443:[::1]:8443"];
    assert_eq!(endpoint(&ipv6, "[2001:db8::1]", 443), "[::1]:8443");
}

#[test]
fn what_is_empty_stands_for_any_or_for_the_requests_own() {
    assert_eq!(endpoint(&["::proxy.test:1"], "a.test", 443), "proxy.test:1");
    assert_eq!(endpoint(&[":443::8443"], "a.test", 443), "a.test:8443");
    assert_eq!(endpoint(&["a.test::b.test:"], "a.test", 80), "b.test:80");
    assert_eq!(endpoint(&[":::"], "a.test", 80), "a.test:80");
}

#[test]
fn the_first_that_covers_the_request_counts() {
    let detours = ["a.test:443:b.test:1", "::c.test:2"];
    assert_eq!(endpoint(&detours, "a.test", 443), "b.test:1");
    assert_eq!(endpoint(&detours, "a.test", 80), "c.test:2");
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "",
        "a.test",
        "a.test:443",
        "a.test:443:b.test",
        "[::1:1:b:2",
    ] {
        let error = text.parse::<ConnectTo>().unwrap_err();
        assert!(matches!(error, ConnectToError::Shape(_)), "{text}: {error}");
    }
    for text in ["a.test:0:b.test:1", "a.test:443:b.test:x", "a:1:b:2:3"] {
        let error = text.parse::<ConnectTo>().unwrap_err();
        assert!(
            matches!(error, ConnectToError::Port { .. }),
            "{text}: {error}"
        );
    }
    for text in ["*:443:b.test:1", "a b:443:b.test:1"] {
        let error = text.parse::<ConnectTo>().unwrap_err();
        assert!(
            matches!(error, ConnectToError::Host { .. }),
            "{text}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn parsing_never_panics_and_displays_what_it_read(text in "[\\[\\]a-c:.0-9*]{0,24}") {
        if let Ok(detour) = text.parse::<ConnectTo>() {
            prop_assert_eq!(detour.to_string().parse(), Ok(detour));
        }
    }
}
