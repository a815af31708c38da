//! The TCP stream as the protocols above see it: counted, and forgiving about writes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that a session may still move over the network.
#[derive(Debug)]
pub(crate) struct WireBudget {
    used: AtomicU64,
    limit: u64,
}

impl WireBudget {
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

    /// Counts bytes that were moved; an error once there were too many, which ends the connection that moved them.
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
/// A server may answer and close while a request body is still being sent (RFC 9112, section 9.6). The next write then fails,
/// although the answer waits to be read; swallowing the writes leaves it to the reading side to say what happened.
pub(crate) struct Wire {
    stream: TcpStream,
    budget: Arc<WireBudget>,
    peer_hung_up: bool,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, budget: Arc<WireBudget>) -> Self {
        Self {
            stream,
            budget,
            peer_hung_up: false,
        }
    }

    fn forgive<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
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

impl AsyncRead for Wire {
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

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.peer_hung_up {
            return Poll::Ready(Ok(data.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, data));
        let written = self.forgive(written, data.len())?;
        self.budget.count(written)?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.forgive(flushed, ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        Poll::Ready(self.forgive(shut, ()))
    }
}
