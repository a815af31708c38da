//! One request and its response, on a connection of its own.
//!
//! Owns the order of steps (write, finish, read), the caps on body sizes and what a broken connection means. The
//! connection runs in a task that ends with the exchange.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::body::{BodyFraming, Chunk, GuestBody, MAX_CHUNK_BYTES};
use crate::connector::Transport;
use crate::counting_stream::ByteBudget;
use crate::deadline::Deadline;
use crate::error::{EgressError, ProtocolFault, RequestFault, SizeLimit};
use crate::limits::EgressLimits;
use crate::response::ResponseHead;
use crate::tls;

/// The smallest buffer that hyper accepts, in bytes.
const MIN_BUFFER: usize = 8 * 1024;

type PendingResponse = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

enum ResponseState {
    Awaited(PendingResponse),
    Arrived { head: ResponseHead, body: Incoming },
}

/// The task that drives the connection, and the means to send requests on it; both end here.
struct Connection {
    task: AbortHandle,
    _requests: http1::SendRequest<GuestBody>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Upload {
    /// Kept while the response is awaited or read: dropping it early would abort the connection.
    chunks: Option<mpsc::Sender<Chunk>>,
    framing: BodyFraming,
    /// Bytes that the guest wrote, and those of them that were handed to the connection.
    written: u64,
    sent: u64,
    /// The server has declined the rest of the body: it is accepted from the guest and discarded.
    declined: bool,
    ended: bool,
}

impl Upload {
    fn is_short(&self) -> bool {
        matches!(self.framing, BodyFraming::Sized(length) if self.written < length)
    }
}

pub(crate) struct OpenExchange {
    host: String,
    deadline: Deadline,
    limits: EgressLimits,
    budget: Arc<ByteBudget>,
    upload: Upload,
    response: ResponseState,
    /// `None` once the response is complete or the exchange has failed.
    connection: Option<Connection>,
    received: u64,
    leftover: Bytes,
    failure: Option<EgressError>,
}

/// The parts of a new exchange.
pub(crate) struct Opening {
    pub(crate) host: String,
    pub(crate) deadline: Deadline,
    pub(crate) limits: EgressLimits,
    pub(crate) budget: Arc<ByteBudget>,
    pub(crate) transport: Transport,
    pub(crate) request: Request<GuestBody>,
    pub(crate) chunks: Option<mpsc::Sender<Chunk>>,
    pub(crate) framing: BodyFraming,
}

impl OpenExchange {
    /// Starts the connection's task and hands it the request's head.
    pub(crate) async fn start(opening: Opening) -> Result<Self, EgressError> {
        let Opening {
            host,
            deadline,
            limits,
            budget,
            transport,
            request,
            chunks,
            framing,
        } = opening;
        let mut builder = http1::Builder::new();
        builder
            .title_case_headers(true)
            .max_headers(limits.max_response_headers)
            .max_header_size(limits.max_response_head_bytes)
            .max_buf_size(limits.max_response_head_bytes.max(MIN_BUFFER));
        let (mut requests, connection) = builder
            .handshake(transport)
            .await
            .map_err(|error| translate(&error, &host, &limits, &budget))?;
        let response: PendingResponse = Box::pin(requests.send_request(request));
        let task = tokio::spawn(async move {
            // The exchange learns of a failure through its response or its body.
            let _ = connection.await;
        });
        Ok(Self {
            host,
            deadline,
            limits,
            budget,
            upload: Upload {
                ended: chunks.is_none(),
                chunks,
                framing,
                written: 0,
                sent: 0,
                declined: false,
            },
            response: ResponseState::Awaited(response),
            connection: Some(Connection {
                task: task.abort_handle(),
                _requests: requests,
            }),
            received: 0,
            leftover: Bytes::new(),
            failure: None,
        })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    pub(crate) fn set_guest_timeout(&mut self, timeout: Option<std::time::Duration>) {
        self.deadline.set_guest_timeout(timeout);
    }

    pub(crate) fn head(&self) -> Option<&ResponseHead> {
        match &self.response {
            ResponseState::Awaited(_) => None,
            ResponseState::Arrived { head, .. } => Some(head),
        }
    }

    /// Returns the bytes of request body sent and of response body received.
    pub(crate) fn bytes_transferred(&self) -> (u64, u64) {
        (self.upload.sent, self.received)
    }

    pub(crate) async fn write(&mut self, data: &[u8]) -> Result<(), EgressError> {
        self.check_alive()?;
        if data.is_empty() {
            return Ok(());
        }
        let result = match self.reserve_body_bytes(data.len() as u64) {
            Ok(()) => self.send(data).await,
            Err(error) => Err(error),
        };
        // Even a guest's own timeout is final here: it is unknown how much of `data` was taken.
        result.map_err(|error| self.fail(error))
    }

    /// Ends the body and waits for the response's head.
    pub(crate) async fn finish(&mut self) -> Result<(), EgressError> {
        self.check_alive()?;
        match self.try_finish().await {
            Err(error) if error != EgressError::TimedOut => Err(self.fail(error)),
            other => other,
        }
    }

    /// Reads more of the response's body, at most `max` bytes; empty at its end.
    pub(crate) async fn read(&mut self, max: usize) -> Result<Bytes, EgressError> {
        self.check_alive()?;
        if self.leftover.is_empty() && self.is_connected() {
            match self.next_data().await {
                Ok(data) => self.leftover = data,
                Err(EgressError::TimedOut) => return Err(EgressError::TimedOut),
                Err(EgressError::InvalidRequest(fault)) => return Err(fault.into()),
                Err(error) => return Err(self.fail(error)),
            }
        }
        let size = self.leftover.len().min(max.max(1));
        Ok(self.leftover.split_to(size))
    }

    fn check_alive(&self) -> Result<(), EgressError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: EgressError) -> EgressError {
        self.connection = None;
        self.failure = Some(error.clone());
        error
    }

    /// Checks that the body may grow by `more` bytes.
    fn reserve_body_bytes(&mut self, more: u64) -> Result<(), EgressError> {
        let total = self.upload.written.saturating_add(more);
        match self.upload.framing {
            BodyFraming::None => return Err(RequestFault::BodyTooLong.into()),
            BodyFraming::Sized(length) if total > length => {
                return Err(RequestFault::BodyTooLong.into());
            }
            BodyFraming::Sized(_) | BodyFraming::Chunked => {}
        }
        if self.upload.ended {
            return Err(RequestFault::OutOfOrder.into());
        }
        if total > self.limits.max_request_body_bytes {
            let (what, limit) = (SizeLimit::BodyBytes, self.limits.max_request_body_bytes);
            return Err(EgressError::RequestTooLarge { what, limit });
        }
        self.upload.written = total;
        Ok(())
    }

    async fn send(&mut self, data: &[u8]) -> Result<(), EgressError> {
        for chunk in data.chunks(MAX_CHUNK_BYTES) {
            if self.upload.declined {
                break;
            }
            if self
                .offer(Chunk::Data(Bytes::copy_from_slice(chunk)))
                .await?
            {
                self.upload.sent += chunk.len() as u64;
            }
        }
        Ok(())
    }

    /// Hands one chunk to the connection as soon as it has room; `false` if the server wants no more. A response that
    /// arrives in the meantime is kept.
    async fn offer(&mut self, chunk: Chunk) -> Result<bool, EgressError> {
        self.wait_for_room_or_response().await?;
        let Some(chunks) = &self.upload.chunks else {
            return Ok(false);
        };
        let room = if self.is_refused() {
            None
        } else {
            // When the connection has dropped the body, its response tells why.
            self.deadline.wait(chunks.reserve()).await?.ok()
        };
        self.upload.declined = room.is_none();
        Ok(room.map(|room| room.send(chunk)).is_some())
    }

    async fn wait_for_room_or_response(&mut self) -> Result<(), EgressError> {
        let (Some(chunks), ResponseState::Awaited(response)) =
            (&self.upload.chunks, &mut self.response)
        else {
            return Ok(());
        };
        let either = async {
            tokio::select! {
                biased;
                response = response => Some(response),
                // Returned at once: the caller reserves it again, and there is no other sender.
                _ = chunks.reserve() => None,
            }
        };
        if let Some(response) = self.deadline.wait(either).await? {
            self.response = self.take_response(response)?;
        }
        Ok(())
    }

    /// Whether the response is one after which the rest of the request is of no use (RFC 9112, section 9.5).
    fn is_refused(&self) -> bool {
        self.head().is_some_and(|head| head.status >= 300)
    }

    async fn try_finish(&mut self) -> Result<(), EgressError> {
        if !self.upload.ended {
            let short = self.upload.is_short();
            if short && self.head().is_none() {
                return Err(RequestFault::BodyTooShort.into());
            }
            // An unfinished body stays open instead: an end would make it look complete, an abort would cut the
            // response off.
            if !short && !self.upload.declined {
                self.offer(Chunk::End).await?;
            }
            self.upload.ended = true;
        }
        if let ResponseState::Awaited(response) = &mut self.response {
            let response = self.deadline.wait(response).await?;
            self.response = self.take_response(response)?;
        }
        Ok(())
    }

    fn take_response(
        &self,
        response: hyper::Result<Response<Incoming>>,
    ) -> Result<ResponseState, EgressError> {
        let response = response.map_err(|error| self.translate(&error))?;
        let (head, body) = ResponseHead::split(response)?;
        Ok(ResponseState::Arrived { head, body })
    }

    /// Reads the next data of the response's body; empty at its end, where the connection is dropped.
    async fn next_data(&mut self) -> Result<Bytes, EgressError> {
        let ResponseState::Arrived { body, .. } = &mut self.response else {
            return Err(RequestFault::OutOfOrder.into());
        };
        loop {
            let Some(frame) = self.deadline.wait(body.frame()).await? else {
                self.connection = None;
                return Ok(Bytes::new());
            };
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => return Err(self.translate(&error)),
            };
            // Trailers are not shown to a guest.
            let data = frame.into_data().unwrap_or_default();
            self.received += data.len() as u64;
            if self.received > self.limits.max_response_body_bytes {
                let (what, limit) = (SizeLimit::BodyBytes, self.limits.max_response_body_bytes);
                return Err(EgressError::ResponseTooLarge { what, limit });
            }
            if !data.is_empty() {
                return Ok(data);
            }
        }
    }

    fn translate(&self, error: &hyper::Error) -> EgressError {
        translate(error, &self.host, &self.limits, &self.budget)
    }
}

fn translate(
    error: &hyper::Error,
    host: &str,
    limits: &EgressLimits,
    budget: &ByteBudget,
) -> EgressError {
    if budget.is_exhausted() {
        return EgressError::TooManyBytes {
            limit: budget.limit(),
        };
    }
    if let Some(fault) = tls::fault_of(error) {
        return EgressError::Tls {
            host: host.to_owned(),
            fault,
        };
    }
    if error.is_parse_too_large() {
        let (what, limit) = (SizeLimit::HeadBytes, limits.max_response_head_bytes as u64);
        return EgressError::ResponseTooLarge { what, limit };
    }
    if error.is_parse() || is_bad_framing(error) {
        return EgressError::Protocol(ProtocolFault::Malformed);
    }
    EgressError::ConnectionClosed
}

/// hyper reports a chunk it cannot parse as an I/O error of one of these kinds inside a body error.
fn is_bad_framing(error: &hyper::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), InvalidData | InvalidInput);
        }
        next = error.source();
    }
    false
}
