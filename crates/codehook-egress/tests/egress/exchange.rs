//! Requests and responses of every shape.

use std::time::Duration;

use codehook_egress::{BodyFraming, EgressError, HttpVersion, RequestFault, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::support::{
    OK, Server, fetch, get, header, read_all, request, with_header, with_timeout,
};

#[tokio::test]
async fn headers_arrive_without_those_about_the_connection() {
    let server = Server::answering(OK).await;
    let mut head = request("POST", server.url("/"), BodyFraming::Sized(0));
    for (name, value) in [
        ("X-First", "1"),
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "no"),
        ("Content-Length", "99"),
        ("Transfer-Encoding", "gzip"),
        ("Proxy-Authorization", "no"),
        ("Expect", "100-continue"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Keep-Alive", "5"),
        ("content-type", "text/plain"),
        ("X-First", "2"),
    ] {
        head = with_header(head, name, value);
    }
    fetch(&mut server.session(), head).await.unwrap();
    let expected = format!(
        "POST / HTTP/1.1\r\nHost: service.test:{}\r\nX-First: 1\r\nX-First: 2\r\n\
         Content-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        server.port()
    );
    assert_eq!(server.received(), expected);
}

#[tokio::test]
async fn a_sized_body_is_sent_in_pieces() {
    let server = Server::start(|mut stream, log| async move {
        log.read_until(&mut stream, b"three").await;
        stream.write_all(OK.as_bytes()).await.unwrap();
    })
    .await;
    let mut session = server.session();
    let id = session
        .open(request("PUT", server.url("/"), BodyFraming::Sized(11)))
        .await
        .unwrap();
    for piece in ["one", "", "two", "three"] {
        session.write(id, piece.as_bytes()).await.unwrap();
    }
    assert_eq!(session.finish(id).await.unwrap().status, 200);
    assert!(
        server
            .received()
            .ends_with("Content-Length: 11\r\nConnection: close\r\n\r\nonetwothree")
    );
    assert_eq!(session.transcript()[0].request_bytes, 11);
}

#[tokio::test]
async fn a_chunked_body_reaches_the_server_as_it_is_written() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream, log| {
        let arrived = arrived.clone();
        async move {
            log.read_until(&mut stream, b"first\r\n").await;
            arrived.send(()).unwrap();
            log.read_until(&mut stream, b"0\r\n\r\n").await;
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut session = server.session();
    let id = session
        .open(request("POST", server.url("/"), BodyFraming::Chunked))
        .await
        .unwrap();
    session.write(id, b"first").await.unwrap();
    // The server has it while the body is still open.
    arrivals.recv().await.unwrap();
    session.write(id, b"second").await.unwrap();
    session.finish(id).await.unwrap();
    assert_eq!(read_all(&mut session, id).await.unwrap(), b"ok");
    assert!(
        server
            .received()
            .ends_with("\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")
    );
}

#[tokio::test]
async fn a_slow_server_holds_the_writer_back() {
    let server = Server::start(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(stream);
    })
    .await;
    let mut session = server.session();
    let head = request("POST", server.url("/"), BodyFraming::Sized(8 << 20));
    let id = session
        .open(with_timeout(head, Duration::from_millis(300)))
        .await
        .unwrap();
    let error = session.write(id, &vec![7; 8 << 20]).await.unwrap_err();
    assert_eq!(error, EgressError::TimedOut);
    assert!(session.transcript()[0].request_bytes < 8 << 20);
}

#[tokio::test]
async fn every_framing_of_a_response_is_understood() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Some(5)),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
            None,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhello", None),
        ("HTTP/1.0 200 OK\r\n\r\nhello", None),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
            None,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\nT: t\r\n\r\n",
            None,
        ),
    ];
    for (answer, length) in cases {
        let server = Server::answering(answer).await;
        let (head, body) = fetch(&mut server.session(), get(server.url("/")))
            .await
            .unwrap();
        assert_eq!(body, b"hello", "{answer}");
        assert_eq!(head.body_length, length, "{answer}");
        assert_eq!(header(&head, "transfer-encoding"), None);
        assert_eq!(
            header(&head, "content-length").is_some(),
            length.is_some(),
            "{answer}"
        );
        assert_eq!(
            head.version == HttpVersion::Http10,
            answer.starts_with("HTTP/1.0")
        );
    }
}

#[tokio::test]
async fn head_204_and_304_have_no_body() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n",
        ),
    ];
    for (method, answer) in cases {
        let server = Server::answering(answer).await;
        let head = request(method, server.url("/"), BodyFraming::None);
        let (head, body) = fetch(&mut server.session(), head).await.unwrap();
        assert!(body.is_empty());
        assert_eq!(head.body_length, Some(0), "{answer}");
        assert_eq!(
            header(&head, "content-length").is_some(),
            answer.contains("500")
        );
    }
}

#[tokio::test]
async fn the_reason_and_the_headers_are_the_servers() {
    let answer =
        b"HTTP/1.1 299 Quite Fine\r\nSet-Cookie: a=1\r\nX-Odd: \x80\r\nSet-Cookie: b=2\r\n\
                  Content-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz";
    let server = Server::answering(*answer).await;
    let (head, body) = fetch(&mut server.session(), get(server.url("/")))
        .await
        .unwrap();
    assert_eq!(
        (head.status, head.reason.as_slice()),
        (299, b"Quite Fine".as_slice())
    );
    let cookies: Vec<_> = head
        .headers
        .iter()
        .filter(|(name, _)| name == b"set-cookie")
        .map(|(_, v)| v.clone())
        .collect();
    assert_eq!(cookies, [b"a=1".to_vec(), b"b=2".to_vec()]);
    assert!(
        head.headers
            .contains(&(b"x-odd".to_vec(), b"\x80".to_vec()))
    );
    assert_eq!(header(&head, "connection"), None);
    // Not decompressed, whatever the coding is called.
    assert_eq!(body, b"xyz");
}

#[tokio::test]
async fn a_response_that_breaks_off_is_an_error() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        let server = Server::answering(answer).await;
        let error = fetch(&mut server.session(), get(server.url("/")))
            .await
            .unwrap_err();
        assert_eq!(error, EgressError::ConnectionClosed, "{answer:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_not_http_is_an_error() {
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ] {
        let server = Server::answering(answer).await;
        let error = fetch(&mut server.session(), get(server.url("/")))
            .await
            .unwrap_err();
        assert_eq!(error.kind().as_str(), "protocol", "{answer:?}");
    }
}

/// Answers as soon as it has the head, and closes without reading the body.
async fn refusing() -> Server {
    Server::answering("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nnope").await
}

async fn upload_all(session: &mut Session, url: String, body: BodyFraming) -> (u16, Vec<u8>) {
    let id = session.open(request("POST", url, body)).await.unwrap();
    for _ in 0..64 {
        session.write(id, &[7; 64 * 1024]).await.unwrap();
    }
    let status = session.finish(id).await.unwrap().status;
    (status, read_all(session, id).await.unwrap())
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_body_is_not_lost() {
    for body in [BodyFraming::Sized(4 << 20), BodyFraming::Chunked] {
        for _ in 0..20 {
            let server = refusing().await;
            let (status, answer) = upload_all(&mut server.session(), server.url("/"), body).await;
            assert_eq!((status, answer.as_slice()), (413, b"nope".as_slice()));
        }
    }
}

#[tokio::test]
async fn an_early_refusal_on_a_connection_left_open_ends_the_upload() {
    let server = Server::start(|mut stream, log| async move {
        log.read_head(&mut stream).await;
        let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope";
        stream.write_all(answer).await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    let mut session = server.session();
    let upload = upload_all(&mut session, server.url("/"), BodyFraming::Sized(4 << 20));
    let (status, answer) = tokio::time::timeout(Duration::from_secs(5), upload)
        .await
        .unwrap();
    assert_eq!((status, answer.as_slice()), (401, b"nope".as_slice()));
    assert!(session.transcript()[0].request_bytes < 4 << 20);
}

#[tokio::test]
async fn the_announced_length_is_kept() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let id = session
        .open(request("POST", server.url("/"), BodyFraming::Sized(4)))
        .await
        .unwrap();
    let error = session.write(id, b"hello").await.unwrap_err();
    assert_eq!(
        error,
        EgressError::InvalidRequest(RequestFault::BodyTooLong)
    );
    let server = Server::start(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(stream);
    })
    .await;
    let mut session = server.session();
    let id = session
        .open(request("POST", server.url("/"), BodyFraming::Sized(4)))
        .await
        .unwrap();
    session.write(id, b"hel").await.unwrap();
    let error = session.finish(id).await.unwrap_err();
    assert_eq!(
        error,
        EgressError::InvalidRequest(RequestFault::BodyTooShort)
    );
    let id = session.open(get(server.url("/"))).await.unwrap();
    assert_eq!(
        session.write(id, b"x").await.unwrap_err().kind().as_str(),
        "invalid_request"
    );
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let id = session
        .open(request("POST", server.url("/"), BodyFraming::Chunked))
        .await
        .unwrap();
    let out_of_order = EgressError::InvalidRequest(RequestFault::OutOfOrder);
    assert_eq!(session.read(id, 10).await.unwrap_err(), out_of_order);
    assert_eq!(session.finish(id).await.unwrap().status, 200);
    assert_eq!(session.finish(id).await.unwrap().status, 200);
    assert_eq!(session.read(id, 0).await.unwrap(), "o");
    assert_eq!(session.read(id, 10).await.unwrap(), "k");
    assert_eq!(session.read(id, 10).await.unwrap(), "");
    assert_eq!(session.read(id, 10).await.unwrap(), "");
    session.close(id);
    session.close(id);
    assert_eq!(
        session.read(id, 10).await.unwrap_err(),
        EgressError::UnknownExchange
    );
}

#[tokio::test]
async fn line_breaks_and_odd_methods_are_refused() {
    let server = Server::answering(OK).await;
    let mut session = server.session();
    let url = server.url("/");
    for method in [
        "",
        "GET ",
        "GET\r\n",
        "CONNECT",
        "G\0T",
        "GÉT",
        &"X".repeat(33),
    ] {
        let error = session
            .open(request(method, &url, BodyFraming::None))
            .await
            .unwrap_err();
        assert_eq!(
            error,
            EgressError::InvalidRequest(RequestFault::Method),
            "{method:?}"
        );
    }
    for (name, value) in [
        ("X-A", "b\r\nX-C: d"),
        ("X-A", "b\nX-C: d"),
        ("X-A", "b\rc"),
        ("X-A", "b\0"),
        ("X-A\r\nX-C", "d"),
        ("X A", "d"),
        ("", "d"),
        ("X-A:", "d"),
        // Dropped anyway, and refused all the same.
        ("Content-Length", "1\r\nX-C: d"),
        ("Host", "service.test\r\nX-C: d"),
    ] {
        let error = session
            .open(with_header(get(&url), name, value))
            .await
            .unwrap_err();
        assert_eq!(
            error.kind().as_str(),
            "invalid_request",
            "{name:?}: {value:?}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn dropping_the_session_closes_its_connections() {
    let (closed, mut closings) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream, log| {
        let closed = closed.clone();
        async move {
            log.read_until(&mut stream, b"half\r\n").await;
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            closed.send(rest).unwrap();
        }
    })
    .await;
    let mut session = server.session();
    let first = session
        .open(request("POST", server.url("/"), BodyFraming::Chunked))
        .await
        .unwrap();
    session.open(get(server.url("/"))).await.unwrap();
    session.write(first, b"half").await.unwrap();
    while !server.received().contains("half") || server.connections() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(session);
    for _ in 0..2 {
        let rest = tokio::time::timeout(Duration::from_secs(5), closings.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(rest, b"", "the half body must not be made to look whole");
    }
}

#[tokio::test]
async fn a_session_can_go_from_thread_to_thread() {
    fn sendable<T: Send + 'static>(_: &T) {}
    let server = Server::answering(OK).await;
    let mut session = server.session();
    sendable(&session);
    let open = session.open(get(server.url("/")));
    sendable_future(&open);
    fn sendable_future<T: Send>(_: &T) {}
}

#[tokio::test]
async fn a_response_cut_at_any_byte_is_never_taken_for_a_whole_one() {
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    for answer in [sized, chunked] {
        for end in 0..answer.len() {
            let server = Server::answering(&answer[..end]).await;
            let error = fetch(&mut server.session(), get(server.url("/")))
                .await
                .unwrap_err();
            assert!(
                ["connection_closed", "protocol"].contains(&error.kind().as_str()),
                "{end}: {error:?}"
            );
        }
    }
}
