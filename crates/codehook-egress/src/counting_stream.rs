//! The TCP stream below TLS and HTTP: counts bytes, and ignores failed writes once the server has closed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Counts the bytes that a session moves over the network, up to a limit.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    used: AtomicU64,
    limit: u64,
}

impl ByteBudget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicU64::new(0),
            limit,
        })
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit
    }

    /// Counts bytes; fails once there are too many, which ends the connection that moved them.
    fn count(&self, bytes: usize) -> io::Result<()> {
        self.used.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is_exhausted() {
            Err(io::Error::other("byte budget exhausted"))
        } else {
            Ok(())
        }
    }
}

/// A TCP stream that counts, and whose writes never fail once the server has hung up.
///
/// A server may respond and close while a request body is still being sent (RFC 9112, section 9.6). The next write then
/// fails, although the response is waiting to be read; ignoring the failure leaves it to the reading side to report
/// what happened.
pub(crate) struct CountingStream {
    stream: TcpStream,
    budget: Arc<ByteBudget>,
    peer_hung_up: bool,
}

impl CountingStream {
    pub(crate) fn new(stream: TcpStream, budget: Arc<ByteBudget>) -> Self {
        Self {
            stream,
            budget,
            peer_hung_up: false,
        }
    }

    fn ignore_hang_up<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
        match result {
            Err(error)
                if matches!(
                    error.kind(),
                    BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected
                ) =>
            {
                self.peer_hung_up = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl AsyncRead for CountingStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        Poll::Ready(self.budget.count(buf.filled().len() - before))
    }
}

impl AsyncWrite for CountingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.peer_hung_up {
            return Poll::Ready(Ok(data.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, data));
        let written = self.ignore_hang_up(written, data.len())?;
        self.budget.count(written)?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.ignore_hang_up(flushed, ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        Poll::Ready(self.ignore_hang_up(shut, ()))
    }
}
