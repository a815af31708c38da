//! Traces: an event, its run and the run's HTTP requests, as a collector receives them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::server::{SOON, Service};

/// A collector that takes what comes over OTLP; its address.
fn collector(sender: mpsc::Sender<Span>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(connection);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("the body");
            let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).expect("it listens");
            let scopes = request
                .resource_spans
                .into_iter()
                .flat_map(|spans| spans.scope_spans);
            for span in scopes.flat_map(|scope| scope.spans) {
                let _ = sender.send(span);
            }
        }
    });
    format!("http://{address}")
}

#[test]
fn an_event_its_runs_attempts_and_their_requests_are_one_trace() {
    let (sender, spans) = mpsc::channel();
    let endpoint = collector(sender);
    let web = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = web.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut connection in web.incoming().map_while(Result::ok) {
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let mut service = Service::start_with(&["--allow-private", "--otlp-endpoint", &endpoint]);
    let client = service.client.clone();
    client
        .put(
            "/v1/tenants/acme/secrets/KEY",
            &json!({"value": "hunter2hunter2"}),
        )
        .with(204);
    let template =
        format!("import urllib2\nurllib2.urlopen('http://127.0.0.1:{port}/a?key=@secret.KEY@')\n");
    client.publish(
        "h",
        json!({
            "template": template, "allow": [format!("http://127.0.0.1:{port}")], "secrets": ["KEY"],
            "retry": {"attempts": 2, "first_delay_seconds": 0},
        }),
    );
    let receipt = client.event(&json!({}));
    client.ended(&receipt["runs"][0]);
    service.terminate();
    let mut received: HashMap<String, Vec<Span>> = HashMap::new();
    for _ in 0..5 {
        let span = spans.recv_timeout(SOON).expect("five spans");
        received.entry(span.name.clone()).or_default().push(span);
    }
    let (event, runs, requests) = (&received["event"], &received["run h.py"], &received["GET"]);
    assert_eq!((event.len(), runs.len(), requests.len()), (1, 2, 2));
    for run in runs {
        assert_eq!(run.trace_id, event[0].trace_id);
        assert_eq!(run.parent_span_id, event[0].span_id);
    }
    assert_ne!(runs[0].span_id, runs[1].span_id);
    for request in requests {
        assert!(runs.iter().any(|run| run.span_id == request.parent_span_id));
        assert!(request.start_time_unix_nano <= request.end_time_unix_nano);
    }
    let said = format!("{received:?}");
    assert!(said.contains("503") && said.contains("/a?"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
