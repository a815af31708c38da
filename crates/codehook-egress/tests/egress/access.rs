//! Which hosts and addresses a session reaches.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use codehook_egress::{
    Egress, EgressConfig, EgressError, LookUp, Policy, PrivateNetworks, Resolve,
};

use crate::support::{
    HOST, OK, Server, fetch, get, header, session, session_resolving_to, with_header, with_timeout,
};

async fn kind(session: &mut codehook_egress::Session, url: &str) -> &'static str {
    match session.open(get(url)).await {
        Ok(_) => "opened",
        Err(error) => error.kind().as_str(),
    }
}

#[tokio::test]
async fn an_allowed_host_is_reached_at_the_address_the_operator_gave() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let (head, body) = fetch(&mut session, get(server.url("/a?b=c")))
        .await
        .unwrap();
    assert_eq!((head.status, body.as_slice()), (200, b"ok".as_slice()));
    let expected = format!("GET /a?b=c HTTP/1.1\r\nHost: {HOST}:{}\r\n", server.port());
    assert!(
        server.received().starts_with(&expected),
        "{}",
        server.received()
    );
}

#[tokio::test]
async fn nothing_is_allowed_by_default() {
    let server = Server::answering(OK).await;
    let policy = Policy {
        allow: Vec::new(),
        ..server.policy()
    };
    assert_eq!(
        kind(&mut session(policy), &server.url("/")).await,
        "denied_by_policy"
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_host_beside_the_rules_is_denied_before_any_look_up() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let port = server.port();
    for url in [
        format!("http://other.test:{port}/"),
        format!("http://a.{HOST}:{port}/"),
        format!("http://{HOST}.evil.test:{port}/"),
        format!("http://{HOST}/"),
        format!("https://{HOST}/"),
        format!("http://127.0.0.1:{port}/"),
    ] {
        assert_eq!(kind(&mut session, &url).await, "denied_by_policy", "{url}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_wildcard_reaches_sub_domains_only() {
    let server = Server::answering(OK).await;
    let port = server.port();
    let mut policy = server.policy();
    policy.allow = vec![format!("*.{HOST}:{port}").parse().unwrap()];
    policy.resolve = vec![format!("*:{port}:127.0.0.1").parse().unwrap()];
    let mut session = session(policy);
    assert_eq!(
        kind(&mut session, &format!("http://a.b.{HOST}:{port}/")).await,
        "opened"
    );
    assert_eq!(
        kind(&mut session, &server.url("/")).await,
        "denied_by_policy"
    );
}

#[tokio::test]
async fn an_allowed_host_at_a_private_address_is_never_contacted() {
    let server = Server::answering(OK).await;
    let port = server.port();
    let mut policy = server.policy();
    policy.private_networks = PrivateNetworks::Refused;
    policy.allow.push("*".parse().unwrap());
    policy.allow.push(format!("*:{port}").parse().unwrap());
    let mut opened = session(policy.clone());
    for host in [
        HOST,
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost.",
    ] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(kind(&mut opened, &url).await, "forbidden_address", "{url}");
    }
    policy.resolve.clear();
    let mut resolved = session_resolving_to(&["127.0.0.1", "::1", "10.0.0.1"], policy);
    assert_eq!(
        kind(&mut resolved, &server.url("/")).await,
        "forbidden_address"
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn only_the_allowed_addresses_of_a_name_are_connected_to() {
    let server = Server::answering(OK).await;
    let mut policy = server.policy();
    policy.resolve.clear();
    // The metadata address is left out although private networks are open; loopback remains.
    let mut mixed = session_resolving_to(&["169.254.169.254", "127.0.0.1"], policy.clone());
    assert_eq!(
        fetch(&mut mixed, get(server.url("/")))
            .await
            .unwrap()
            .0
            .status,
        200
    );
    let mut none = session_resolving_to(&[], policy);
    assert_eq!(kind(&mut none, &server.url("/")).await, "name_not_found");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let server = Server::answering(OK).await;
    let mut policy = server.policy();
    policy.resolve.clear();
    let mut session = session_resolving_to(&["127.0.0.9", "127.0.0.1"], policy);
    assert_eq!(
        fetch(&mut session, get(server.url("/")))
            .await
            .unwrap()
            .0
            .status,
        200
    );
}

/// Judged without a session: on a cloud machine a connection would reach the real metadata service.
#[test]
fn metadata_addresses_need_a_rule_of_their_own() {
    let policy = |rules: &[&str]| Policy {
        allow: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
        private_networks: PrivateNetworks::Opened,
        ..Policy::default()
    };
    let forbidden = |host: &str| {
        Err(EgressError::ForbiddenAddress {
            host: host.to_owned(),
        })
    };
    let address: IpAddr = "169.254.169.254".parse().unwrap();
    let (host, url) = (
        "169.254.169.254",
        "http://169.254.169.254/latest/meta-data/",
    );
    assert_eq!(policy(&["*"]).judge(url, &[]), forbidden(host));
    assert_eq!(policy(&[host]).judge(url, &[]), Ok(vec![address]));
    let other_port = policy(&["*", "169.254.169.254:8080"]);
    assert_eq!(other_port.judge(url, &[]), forbidden(host));
    let by_name =
        policy(&["*", host]).judge("http://metadata.test/", &["fd00:ec2::254".parse().unwrap()]);
    assert_eq!(by_name, forbidden("metadata.test"));
    let closed = Policy {
        private_networks: PrivateNetworks::Refused,
        ..policy(&[host])
    };
    assert_eq!(closed.judge(url, &[]), forbidden(host));
}

#[tokio::test]
async fn a_redirect_is_returned_and_its_target_is_judged_anew() {
    let answer =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/admin\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering(answer).await;
    let mut session = server.session();
    let (head, _) = fetch(&mut session, get(server.url("/"))).await.unwrap();
    assert_eq!(head.status, 302);
    let location = header(&head, "location").unwrap();
    assert_eq!(server.connections(), 1);
    assert_eq!(kind(&mut session, &location).await, "denied_by_policy");
}

#[tokio::test]
async fn a_host_header_for_another_place_is_refused() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let same = format!("SERVICE.test:{}", server.port());
    let good = with_header(get(server.url("/")), "host", &same);
    assert_eq!(
        fetch(&mut session, good.clone()).await.unwrap().0.status,
        200
    );
    let other = with_header(get(server.url("/")), "Host", "internal.test");
    let twice = with_header(good, "Host", &same);
    for head in [other, twice] {
        let error = session.open(head).await.unwrap_err();
        assert!(matches!(error, EgressError::InvalidRequest(_)), "{error:?}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_unknown_name_and_a_closed_port_have_their_own_errors() {
    let server = Server::answering(OK).await;
    let mut policy = server.policy();
    policy.allow = vec!["*:1".parse().unwrap()];
    let mut session = session_resolving_to(&["127.0.0.1"], policy);
    assert_eq!(
        kind(&mut session, "http://closed.test:1/").await,
        "connection_refused"
    );
    let policy = Policy {
        allow: vec!["*".parse().unwrap()],
        ..Policy::default()
    };
    let mut real = crate::support::session(policy);
    assert_eq!(
        kind(&mut real, "http://no-such-host.invalid/").await,
        "name_not_found"
    );
}

/// Gives loopback first and something else afterwards, as a name server does that wants to get past a check.
struct Rebinding(AtomicUsize);

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str) -> LookUp<'a> {
        let earlier = self.0.fetch_add(1, Ordering::SeqCst);
        let address = if earlier == 0 {
            [127, 0, 0, 1]
        } else {
            [169, 254, 169, 254]
        };
        Box::pin(async move { Ok(vec![IpAddr::from(address)]) })
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_request_and_judged_each_time() {
    let server = Server::answering(OK).await;
    let resolver = Arc::new(Rebinding(AtomicUsize::new(0)));
    let config = EgressConfig {
        resolver: resolver.clone(),
        ..EgressConfig::default()
    };
    let mut policy = server.policy();
    policy.resolve.clear();
    let mut session = Egress::new(config).unwrap().session(policy);
    assert_eq!(
        fetch(&mut session, get(server.url("/")))
            .await
            .unwrap()
            .0
            .status,
        200
    );
    assert_eq!(resolver.0.load(Ordering::SeqCst), 1);
    assert_eq!(
        kind(&mut session, &server.url("/")).await,
        "forbidden_address"
    );
    assert_eq!(server.connections(), 1);
}

/// Never answers.
struct Stuck(AtomicUsize);

impl Resolve for Stuck {
    fn resolve<'a>(&'a self, _: &'a str) -> LookUp<'a> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn look_ups_that_were_given_up_do_not_pile_up() {
    let resolver = Arc::new(Stuck(AtomicUsize::new(0)));
    let config = EgressConfig {
        resolver: resolver.clone(),
        ..EgressConfig::default()
    };
    let policy = Policy {
        allow: vec!["*".parse().unwrap()],
        ..Policy::default()
    };
    let mut session = Egress::new(config).unwrap().session(policy);
    for _ in 0..10 {
        let head = with_timeout(get("http://slow.test/"), Duration::from_millis(5));
        assert_eq!(session.open(head).await.unwrap_err(), EgressError::TimedOut);
    }
    assert_eq!(resolver.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_detour_changes_the_connection_and_nothing_the_server_sees() {
    let server = Server::answering(OK).await;
    let mut policy = server.policy();
    policy.allow = vec![HOST.parse().unwrap()];
    policy.resolve.clear();
    policy.connect_to = vec![
        format!("{HOST}:80:127.0.0.1:{}", server.port())
            .parse()
            .unwrap(),
    ];
    let mut session = session(policy);
    let (head, _) = fetch(&mut session, get(format!("http://{HOST}/a")))
        .await
        .unwrap();
    assert_eq!(head.status, 200);
    let expected = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n");
    assert!(
        server.received().starts_with(&expected),
        "{}",
        server.received()
    );
}

#[tokio::test]
async fn a_detour_to_a_name_looks_it_up() {
    let server = Server::answering(OK).await;
    let port = server.port();
    let mut policy = server.policy();
    policy.allow = vec![HOST.parse().unwrap()];
    policy.resolve = vec![format!("backend.test:{port}:127.0.0.1").parse().unwrap()];
    policy.connect_to = vec![format!("{HOST}::backend.test:{port}").parse().unwrap()];
    let mut session = session(policy);
    assert_eq!(
        kind(&mut session, &format!("http://{HOST}/")).await,
        "opened"
    );
}

#[tokio::test]
async fn a_detour_opens_neither_a_host_nor_an_address() {
    let server = Server::answering(OK).await;
    let mut policy = server.policy();
    policy.allow = vec![HOST.parse().unwrap()];
    policy.connect_to = vec![format!("::127.0.0.1:{}", server.port()).parse().unwrap()];
    policy.private_networks = PrivateNetworks::Refused;
    let mut session = session(policy);
    assert_eq!(
        kind(&mut session, "http://other.test/").await,
        "denied_by_policy"
    );
    assert_eq!(
        kind(&mut session, &format!("http://{HOST}/")).await,
        "forbidden_address"
    );
    assert_eq!(server.connections(), 0);
}
