//! A server that lets its clients wait: a process of its own, so that its memory is not taken for that of the runs.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// Listens on loopback, says on which port, and serves until its standard input ends. The path's last part is how many
/// milliseconds a request waits for its answer.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let mut stdin = tokio::io::stdin();
        let mut nothing = [0];
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    tokio::spawn(answer(stream));
                }
                _ = stdin.read(&mut nothing) => return Ok(()),
            }
        }
    })
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(&request);
    let path = line.split(' ').nth(1).unwrap_or_default();
    let wait = path.trim_start_matches('/').parse().unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    stream.write_all(ANSWER).await?;
    stream.shutdown().await
}
