//! What is written down, and what a guest is told.

use std::time::Duration;

use codehook_egress::{BodyFraming, PrivateNetworks, RequestHead};

use crate::support::{HOST, OK, Server, fetch, get, request, session_resolving_to, with_header};

const SECRET: &str = "hunter2";

fn secretive(url: String) -> RequestHead {
    with_header(get(url), "Authorization", &format!("Bearer {SECRET}"))
}

#[tokio::test]
async fn the_transcript_says_what_was_done_and_no_secret() {
    let answer = format!(
        "HTTP/1.1 200 {SECRET}\r\nSet-Cookie: {SECRET}\r\nContent-Length: 7\r\n\r\n{SECRET}"
    );
    let server = Server::answering(answer).await;
    let mut session = server.session();
    let url = server.url(&format!("/path?token={SECRET}#{SECRET}"));
    let mut head = secretive(url);
    head.method = b"POST".to_vec();
    head.body = BodyFraming::Sized(7);
    assert!(!format!("{head:?}").contains(SECRET));
    let id = session.open(head).await.unwrap();
    session.write(id, SECRET.as_bytes()).await.unwrap();
    let response = session.finish(id).await.unwrap();
    assert!(!format!("{response:?}").contains(SECRET));
    while !session.read(id, 100).await.unwrap().is_empty() {}
    session
        .open(get(format!("http://user:{SECRET}@{HOST}/")))
        .await
        .unwrap_err();
    session
        .open(request(
            &format!("{SECRET} "),
            server.url("/"),
            BodyFraming::None,
        ))
        .await
        .unwrap_err();
    let lost = session.open(get(server.url("/lost"))).await.unwrap();
    session.close(lost);
    session.open(get(server.url("/dropped"))).await.unwrap();
    assert!(!format!("{session:?}").contains(SECRET));
    let transcript = session.into_transcript();
    assert!(!format!("{transcript:?}").contains(SECRET));
    let first = &transcript[0];
    assert_eq!(first.method, "POST");
    assert_eq!(first.url, server.url("/path?…"));
    assert_eq!((first.status, first.error), (Some(200), None));
    assert_eq!((first.request_bytes, first.response_bytes), (7, 7));
    let rest: Vec<_> = transcript[1..]
        .iter()
        .map(|e| (e.method.as_str(), e.error.unwrap().as_str()))
        .collect();
    assert_eq!(
        rest,
        [
            ("GET", "invalid_request"),
            ("(invalid)", "invalid_request"),
            ("GET", "abandoned"),
            ("GET", "abandoned"),
        ]
    );
    assert_eq!(transcript[1].url, "(invalid)");
}

#[tokio::test]
async fn no_error_shows_an_address_or_a_secret() {
    let server = Server::answering("HTTP/1.1 nonsense").await;
    let mut policy = server.policy();
    policy.resolve.clear();
    policy.limits.connect_timeout = Duration::from_millis(200);
    policy.allow.push("*:1".parse().unwrap());
    let mut opened = session_resolving_to(&["127.0.0.1"], policy.clone());
    policy.private_networks = PrivateNetworks::Refused;
    let mut closed = session_resolving_to(&["127.0.0.1"], policy);
    let query = format!("/?k={SECRET}");
    let mut errors = vec![
        fetch(&mut closed, secretive(server.url(&query)))
            .await
            .unwrap_err(),
        fetch(&mut opened, secretive(server.url(&query)))
            .await
            .unwrap_err(),
        fetch(
            &mut opened,
            secretive(server.url(&query).replace("http:", "https:")),
        )
        .await
        .unwrap_err(),
        fetch(&mut opened, secretive(format!("http://{HOST}:1{query}")))
            .await
            .unwrap_err(),
        fetch(&mut opened, secretive(format!("http://denied.test{query}")))
            .await
            .unwrap_err(),
    ];
    let inside = with_header(get(server.url("/")), "X", &format!("{SECRET}\r\n"));
    errors.push(opened.open(inside).await.unwrap_err());
    errors.push(
        opened
            .open(get(format!("http://u:{SECRET}@{HOST}/")))
            .await
            .unwrap_err(),
    );
    for error in errors {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET), "{shown}");
        assert!(!shown.contains("127.0.0"), "{shown}");
    }
}

#[tokio::test]
async fn the_transcript_is_json_a_user_can_filter() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    fetch(&mut session, get(server.url("/"))).await.unwrap();
    let json = serde_json::to_value(session.transcript()).unwrap();
    let entry = json[0].as_object().unwrap();
    for field in [
        "method",
        "url",
        "status",
        "error",
        "request_bytes",
        "response_bytes",
        "started_ms",
        "duration_ms",
    ] {
        assert!(entry.contains_key(field), "{field}");
    }
    assert_eq!(entry.len(), 8);
}
