use proptest::prelude::*;

use super::*;

fn fault(url: &str) -> RequestFault {
    Target::parse(url).expect_err(url)
}

#[test]
fn takes_a_url_apart() {
    let target = Target::parse("https://API.example.com./a/b%20c?x=1&y=%41#f").unwrap();
    assert_eq!(target.scheme, Scheme::Https);
    assert_eq!(target.host.to_string(), "api.example.com");
    assert_eq!(target.port, 443);
    assert_eq!(target.path_and_query.as_str(), "/a/b%20c?x=1&y=%41");
    assert_eq!(target.authority(), "api.example.com");
    assert_eq!(target.visible, "https://api.example.com/a/b%20c?…");
}

#[test]
fn every_spelling_of_an_address_is_the_address() {
    for url in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://127.0.0.1./",
        "http://１２７.0.0.1/",
        "http://%31%32%37.0.0.1/",
    ] {
        let target = Target::parse(url).unwrap();
        assert_eq!(target.host, Host::V4([127, 0, 0, 1].into()), "{url}");
    }
    let mapped = Target::parse("http://[::ffff:127.0.0.1]/").unwrap();
    assert_eq!(mapped.authority(), "[::ffff:127.0.0.1]");
}

#[test]
fn refuses_what_is_no_request() {
    for url in [
        "",
        "/path",
        "example.com",
        "//example.com/",
        "http://",
        "http://h.test:99999/",
    ] {
        assert_eq!(fault(url), RequestFault::Url, "{url}");
    }
    for url in [
        "http://h.test:0/",
        "http://a..b/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
    ] {
        assert_eq!(fault(url), RequestFault::Url, "{url}");
    }
    for url in [
        "ftp://h.test/",
        "file:///etc/passwd",
        "gopher://h.test/",
        "ws://h.test/",
    ] {
        assert_eq!(fault(url), RequestFault::Scheme, "{url}");
    }
    for url in [
        "http://u@h.test/",
        "http://u:p@h.test/",
        "http://:p@h.test/",
    ] {
        assert_eq!(fault(url), RequestFault::UserInfo, "{url}");
    }
    for url in [
        "http://h.test/\r\nX: y",
        "http://h\n.test/",
        "http://h.test/a b",
        "http://h\0/",
    ] {
        assert_eq!(fault(url), RequestFault::UrlCharacter, "{url}");
    }
}

#[test]
fn a_host_header_must_mean_the_same_place() {
    let target = Target::parse("https://api.test/").unwrap();
    for same in ["api.test", "API.TEST", "api.test.", "api.test:443"] {
        assert!(target.is_named_by(same.as_bytes()), "{same}");
    }
    for other in [
        "",
        "other.test",
        "api.test:80",
        "api.test:",
        "api.test/x",
        "u@api.test",
        "a b",
    ] {
        assert!(!target.is_named_by(other.as_bytes()), "{other}");
    }
    assert!(!target.is_named_by(b"api.test\xff"));
    let target = Target::parse("http://[2001:db8::1]:8080/").unwrap();
    assert!(target.is_named_by(b"[2001:DB8::1]:8080"));
    assert!(!target.is_named_by(b"[2001:db8::1]"));
}

#[test]
fn a_long_path_is_cut_in_the_transcript_only() {
    let target = Target::parse(&format!("http://h.test/{}", "a".repeat(5000))).unwrap();
    assert_eq!(target.path_and_query.as_str().len(), 5001);
    assert!(target.visible.chars().count() < 1100 && target.visible.ends_with('…'));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".*") {
        let _ = Target::parse(&text);
    }

    #[test]
    fn any_path_and_query_can_be_sent(path in "[^\\s\\p{Cc}]*", query in "[^\\s\\p{Cc}]*") {
        let target = Target::parse(&format!("http://h.test/{path}?{query}")).unwrap();
        let sent = target.path_and_query.as_str();
        prop_assert!(sent.starts_with('/'));
        prop_assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn no_query_value_is_written_down(secret in "[a-zA-Z0-9]{12}") {
        let target = Target::parse(&format!("http://h.test/p?token={secret}#{secret}")).unwrap();
        prop_assert!(!target.visible.contains(&secret));
    }

    #[test]
    fn a_host_is_its_own_normal_form(text in "[a-zA-Z0-9.:\\[\\]%*_-]{0,20}") {
        if let Some(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(&host.to_string()), Some(host));
        }
    }
}
