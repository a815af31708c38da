//! The request body on its way from the guest to the connection: a short queue, so that a slow server slows the guest
//! down.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Largest chunk handed to the connection at once, in bytes.
pub(crate) const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Chunks that wait for the connection.
const QUEUED_CHUNKS: usize = 1;

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body, and no header that says so.
    None,
    /// Exactly this many bytes (`Content-Length`), which may be 0.
    Sized(u64),
    /// As many as are written before the end (`Transfer-Encoding: chunked`).
    Chunked,
}

pub(crate) enum Chunk {
    Data(Bytes),
    End,
}

/// The guest closed the exchange in the middle of its body.
#[derive(Debug, thiserror::Error)]
#[error("the request was abandoned before its body was complete")]
pub(crate) struct Abandoned;

pub(crate) struct GuestBody {
    chunks: mpsc::Receiver<Chunk>,
    framing: BodyFraming,
    ended: bool,
}

/// Returns the body and the sender for its chunks; no sender when the framing says that there is nothing to write.
pub(crate) fn channel(framing: BodyFraming) -> (Option<mpsc::Sender<Chunk>>, GuestBody) {
    let (sender, chunks) = mpsc::channel(QUEUED_CHUNKS);
    let empty = matches!(framing, BodyFraming::None | BodyFraming::Sized(0));
    let body = GuestBody {
        chunks,
        framing,
        ended: empty,
    };
    ((!empty).then_some(sender), body)
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = Abandoned;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abandoned>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.chunks.poll_recv(cx)) {
            Some(Chunk::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Chunk::End) => {
                self.ended = true;
                None
            }
            // The sender was dropped before the end. Ending here would make a truncated chunked body look complete to
            // the server.
            None => {
                self.ended = true;
                Some(Err(Abandoned))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            BodyFraming::None => SizeHint::with_exact(0),
            BodyFraming::Sized(length) => SizeHint::with_exact(length),
            BodyFraming::Chunked => SizeHint::new(),
        }
    }
}
