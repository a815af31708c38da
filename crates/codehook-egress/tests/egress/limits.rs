//! Caps on count, size and time.

use std::time::Duration;

use codehook_egress::{
    BodyFraming, EgressError, EgressErrorKind, EgressLimits, Session, SizeLimit,
};
use tokio::io::AsyncWriteExt;

use crate::support::{OK, Server, fetch, get, request, session, with_header, with_timeout};

fn limited(server: &Server, limits: EgressLimits) -> Session {
    let mut policy = server.policy();
    policy.limits = limits;
    session(policy)
}

/// Accepts and says nothing.
async fn silent() -> Server {
    Server::start(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(stream);
    })
    .await
}

#[tokio::test]
async fn requests_are_counted_denied_ones_included() {
    let server = Server::answering(OK).await;
    let mut session = limited(
        &server,
        EgressLimits {
            max_requests: 3,
            ..Default::default()
        },
    );
    fetch(&mut session, get(server.url("/"))).await.unwrap();
    session.open(get("http://denied.test/")).await.unwrap_err();
    session.open(get("nonsense")).await.unwrap_err();
    for _ in 0..5 {
        let error = session.open(get(server.url("/"))).await.unwrap_err();
        assert_eq!(error, EgressError::TooManyRequests { limit: 3 });
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(session.transcript().len(), 4);
}

#[tokio::test]
async fn open_exchanges_are_counted_until_read_or_closed() {
    let server = Server::answering(OK).await;
    let limits = EgressLimits {
        max_open_exchanges: 2,
        ..Default::default()
    };
    let mut session = limited(&server, limits);
    let first = session.open(get(server.url("/"))).await.unwrap();
    let second = session.open(get(server.url("/"))).await.unwrap();
    let error = session.open(get(server.url("/"))).await.unwrap_err();
    assert_eq!(error, EgressError::TooManyOpenExchanges { limit: 2 });
    session.close(first);
    session.open(get(server.url("/"))).await.unwrap();
    session.finish(second).await.unwrap();
    while !session.read(second, 100).await.unwrap().is_empty() {}
    session.open(get(server.url("/"))).await.unwrap();
}

#[tokio::test]
async fn the_size_of_a_request_is_limited() {
    let server = silent().await;
    let limits = EgressLimits {
        max_request_body_bytes: 1000,
        max_request_head_bytes: 2000,
        max_request_headers: 10,
        ..Default::default()
    };
    let mut session = limited(&server, limits);
    let error = session
        .open(request("PUT", server.url("/"), BodyFraming::Sized(1001)))
        .await;
    let too_much = EgressError::RequestTooLarge {
        what: SizeLimit::BodyBytes,
        limit: 1000,
    };
    assert_eq!(error.unwrap_err(), too_much);
    let id = session
        .open(request("PUT", server.url("/"), BodyFraming::Chunked))
        .await
        .unwrap();
    session.write(id, &[0; 1000]).await.unwrap();
    assert_eq!(session.write(id, &[0; 1]).await.unwrap_err(), too_much);
    assert_eq!(session.finish(id).await.unwrap_err(), too_much);
    let long = with_header(get(server.url("/")), "X-Long", &"x".repeat(2000));
    assert_eq!(
        session.open(long).await.unwrap_err().kind().as_str(),
        "request_too_large"
    );
    let mut many = get(server.url("/"));
    for _ in 0..11 {
        many = with_header(many, "X-Many", "1");
    }
    assert_eq!(
        session.open(many).await.unwrap_err().kind().as_str(),
        "request_too_large"
    );
}

#[tokio::test]
async fn the_body_of_a_response_is_limited() {
    let limits = EgressLimits {
        max_response_body_bytes: 100_000,
        ..Default::default()
    };
    for head in [
        "Content-Length: 200000",
        "Transfer-Encoding: chunked",
        "X-Until: close",
    ] {
        let server = Server::start(move |mut stream, log| async move {
            log.read_head(&mut stream).await;
            let _ = stream
                .write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes())
                .await;
            while stream
                .write_all(format!("3e8\r\n{}\r\n", "x".repeat(1000)).as_bytes())
                .await
                .is_ok()
            {}
        })
        .await;
        let mut session = limited(&server, limits.clone());
        let error = fetch(&mut session, get(server.url("/"))).await.unwrap_err();
        let expected = EgressError::ResponseTooLarge {
            what: SizeLimit::BodyBytes,
            limit: 100_000,
        };
        assert_eq!(error, expected, "{head}");
    }
}

#[tokio::test]
async fn a_large_response_within_the_limit_is_whole() {
    let size = 3_000_000;
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
    answer.extend((0..size).map(|index| index as u8));
    let server = Server::answering(answer).await;
    let (_, body) = fetch(&mut server.session(), get(server.url("/")))
        .await
        .unwrap();
    assert_eq!(body.len(), size);
    assert!(
        body.iter()
            .enumerate()
            .all(|(index, byte)| *byte == index as u8)
    );
}

#[tokio::test]
async fn the_head_of_a_response_is_limited() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(70_000));
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X-Many: 1\r\n".repeat(500_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(200));
    for answer in [long, endless, many] {
        let server = Server::answering(answer).await;
        let error = fetch(&mut server.session(), get(server.url("/")))
            .await
            .unwrap_err();
        assert_eq!(error.kind().as_str(), "response_too_large");
    }
}

#[tokio::test]
async fn all_bytes_of_a_session_are_limited_together() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n{}",
        "x".repeat(40_000)
    );
    let server = Server::answering(answer).await;
    let mut session = limited(
        &server,
        EgressLimits {
            max_total_bytes: 100_000,
            ..Default::default()
        },
    );
    fetch(&mut session, get(server.url("/"))).await.unwrap();
    fetch(&mut session, get(server.url("/"))).await.unwrap();
    let too_much = EgressError::TooManyBytes { limit: 100_000 };
    assert_eq!(
        fetch(&mut session, get(server.url("/"))).await.unwrap_err(),
        too_much
    );
    assert_eq!(
        session.open(get(server.url("/"))).await.unwrap_err(),
        too_much
    );
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn endless_interim_responses_end_with_the_byte_budget() {
    let server = Server::start(|mut stream, log| async move {
        log.read_head(&mut stream).await;
        let some = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(100);
        while stream.write_all(some.as_bytes()).await.is_ok() {}
    })
    .await;
    let limits = EgressLimits {
        max_total_bytes: 500_000,
        ..Default::default()
    };
    let error = fetch(&mut limited(&server, limits), get(server.url("/")))
        .await
        .unwrap_err();
    assert_eq!(error, EgressError::TooManyBytes { limit: 500_000 });
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_request_timeout() {
    let server = silent().await;
    let limit = Duration::from_millis(200);
    let mut session = limited(
        &server,
        EgressLimits {
            request_timeout: limit,
            ..Default::default()
        },
    );
    let error = fetch(&mut session, get(server.url("/"))).await.unwrap_err();
    assert_eq!(error, EgressError::TimeLimit { limit });
    assert_eq!(
        session.transcript()[0].error,
        Some(EgressErrorKind::TimeLimit)
    );
}

#[tokio::test]
async fn a_trickling_server_costs_no_more_either() {
    let server = Server::start(|mut stream, log| async move {
        log.read_head(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let limit = Duration::from_millis(300);
    let mut session = limited(
        &server,
        EgressLimits {
            request_timeout: limit,
            ..Default::default()
        },
    );
    let head = with_timeout(get(server.url("/")), Duration::from_secs(5));
    let error = fetch(&mut session, head).await.unwrap_err();
    assert_eq!(error, EgressError::TimeLimit { limit });
    assert!(session.transcript()[0].response_bytes > 0);
}

#[tokio::test]
async fn the_guests_own_timeout_can_be_tried_again() {
    let server = Server::start(|mut stream, log| async move {
        log.read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            .await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let _ = stream.write_all(b"ok").await;
    })
    .await;
    let mut session = server.session();
    let head = with_timeout(get(server.url("/")), Duration::from_millis(100));
    let id = session.open(head).await.unwrap();
    assert_eq!(session.finish(id).await.unwrap_err(), EgressError::TimedOut);
    assert_eq!(
        session.transcript()[0].error,
        Some(EgressErrorKind::TimedOut)
    );
    while session.finish(id).await.is_err() {}
    assert_eq!(
        session.read(id, 10).await.unwrap_err(),
        EgressError::TimedOut
    );
    loop {
        match session.read(id, 10).await {
            Ok(body) => break assert_eq!(body, "ok"),
            Err(error) => assert_eq!(error, EgressError::TimedOut),
        }
    }
    assert_eq!(session.transcript()[0].error, None);
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_times_out() {
    let server = silent().await;
    let limit = Duration::from_millis(200);
    let mut session = limited(
        &server,
        EgressLimits {
            connect_timeout: limit,
            ..Default::default()
        },
    );
    let url = server.url("/").replace("http:", "https:");
    let error = session.open(get(url)).await.unwrap_err();
    assert_eq!(error.kind().as_str(), "connect_timed_out");
}
