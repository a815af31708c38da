//! A connection to a service under measurement, with no more between than a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::ensure;
use serde_json::Value;

/// Where a service listens, and the key that is used.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) place: String,
    pub(crate) key: String,
}

impl Address {
    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(&self.place)?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream: BufReader::new(stream),
            key: self.key.clone(),
        })
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    key: String,
}

impl Connection {
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> anyhow::Result<(u16, String)> {
        let (key, length) = (&self.key, body.len());
        let request = format!(
            "{method} /v1/{path} HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer {key}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            ensure!(
                self.stream.read_line(&mut line)? > 0,
                "the service has hung up"
            );
            let text = line.trim_end().to_ascii_lowercase();
            match text.strip_prefix("content-length: ") {
                Some(number) => length = number.parse()?,
                None if text.starts_with("http/") => status = text[9..12].parse()?,
                None if text.is_empty() => break,
                None => {}
            }
        }
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content)?;
        Ok((status, String::from_utf8(content)?))
    }

    pub(crate) fn json(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, content) = self.send(method, path, &body.to_string())?;
        ensure!(status < 300, "{method} {path}: {status} {content}");
        Ok(serde_json::from_str(&content).unwrap_or_default())
    }
}
