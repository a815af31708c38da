//! The request body on its way from the guest to the connection: a short queue, so that a slow server slows the guest down.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::request::BodyFraming;

/// Largest piece handed to the connection at once, in bytes.
pub(crate) const MAX_PIECE: usize = 64 * 1024;

/// Pieces that wait for the connection.
const QUEUED_PIECES: usize = 1;

pub(crate) enum Piece {
    Data(Bytes),
    End,
}

/// The guest went away in the middle of its body.
#[derive(Debug, thiserror::Error)]
#[error("the request was given up")]
pub(crate) struct GivenUp;

pub(crate) struct GuestBody {
    pieces: mpsc::Receiver<Piece>,
    framing: BodyFraming,
    ended: bool,
}

/// The body, and the end into which the guest writes it; no such end when there is nothing to write.
pub(crate) fn channel(framing: BodyFraming) -> (Option<mpsc::Sender<Piece>>, GuestBody) {
    let (sender, pieces) = mpsc::channel(QUEUED_PIECES);
    let empty = matches!(framing, BodyFraming::None | BodyFraming::Sized(0));
    let body = GuestBody {
        pieces,
        framing,
        ended: empty,
    };
    ((!empty).then_some(sender), body)
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = GivenUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GivenUp>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.pieces.poll_recv(cx)) {
            Some(Piece::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            // The sender is gone without a word. Ending here would make a cut-off chunked body look whole to the server.
            None => {
                self.ended = true;
                Some(Err(GivenUp))
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
