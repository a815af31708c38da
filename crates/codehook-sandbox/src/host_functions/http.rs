//! HTTP for a guest, streamed both ways. `docs/guest-abi.md` describes the functions for authors of guests.
//!
//! A handle is a number that the session returned; any other number is an error. Every function returns a negative code
//! on failure, and `error_text` returns the sentence for the last one.

use std::time::Duration;

use codehook_egress::{BodyFraming, ExchangeId, RequestHead, ResponseHead, Session};
use wasmtime::{Caller, Linker, Memory};

use super::guest::{BAD_POINTER, Code, fail, fail_with, write_result};
use crate::abi::{LinkError, MODULE};
use crate::guest_memory::copy_out;
use crate::run_state::{GuestState, memory_of};

/// The most bytes that one `http_read` or `http_write` moves: bounds what the host holds for one guest.
const MAX_PIECE: u32 = 1024 * 1024;
/// The most bytes of a method, a URL and header lines that are looked at: above what the egress limits allow, so that
/// their message is the one a script sees, but far below what a guest's memory could hold.
const MAX_HEAD: u32 = 256 * 1024;

/// Errors of a call before it reaches the session.
const HEAD_TOO_LARGE: &str =
    "the method, the URL or the headers of the request are too large: send less in them";
const NO_HTTP: &str = "no HTTP can be asked for while the interpreter is being prepared";

/// Returns the run's session, or the error code where there is none.
fn session(state: &mut GuestState) -> Result<&mut Session, i32> {
    if state.http.is_none() {
        return Err(fail(state, Code::Denied, NO_HTTP));
    }
    state.http.as_mut().ok_or(Code::Denied as i32)
}

/// Defines the host call's functions.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    link_requests(linker)?;
    link_responses(linker)?;
    linker.func_wrap(
        MODULE,
        "http_close",
        |mut caller: Caller<'_, GuestState>, handle: u32| {
            if let Some(http) = &mut caller.data_mut().http {
                http.close(ExchangeId::from_raw(handle));
            }
        },
    )?;
    linker.func_wrap(
        MODULE,
        "http_timeout",
        |mut caller: Caller<'_, GuestState>, handle: u32, timeout: i64| {
            let state = caller.data_mut();
            let http = match session(state) {
                Ok(http) => http,
                Err(code) => return code,
            };
            match http.set_timeout(ExchangeId::from_raw(handle), timeout_of(timeout)) {
                Ok(()) => 0,
                Err(error) => fail_with(state, &error),
            }
        },
    )?;
    linker.func_wrap(
        MODULE,
        "error_text",
        |mut caller: Caller<'_, GuestState>, out: u32, cap: u32| {
            let text = caller.data().last_error.clone();
            write_result(&mut caller, text.as_bytes(), out, cap)
        },
    )?;
    Ok(())
}

fn link_requests(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    type Open = (u32, u32, u32, u32, u32, u32, u32, i64, i64);
    linker.func_wrap_async(
        MODULE,
        "http_open",
        |mut caller: Caller<'_, GuestState>, arguments: Open| {
            Box::new(async move {
                let (
                    method,
                    method_len,
                    url,
                    url_len,
                    headers,
                    headers_len,
                    framing,
                    size,
                    timeout,
                ) = arguments;
                let parts = [(method, method_len), (url, url_len), (headers, headers_len)];
                if parts.iter().any(|(_, len)| *len > MAX_HEAD) {
                    return fail(caller.data_mut(), Code::Limit, HEAD_TOO_LARGE);
                }
                let Some([method, url, headers]) = copy_parts(&mut caller, parts) else {
                    return fail(caller.data_mut(), Code::Invalid, BAD_POINTER);
                };
                let head = match request_head(method, url, &headers, framing, size, timeout) {
                    Ok(head) => head,
                    Err(text) => return fail(caller.data_mut(), Code::Invalid, text),
                };
                let state = caller.data_mut();
                let http = match session(state) {
                    Ok(http) => http,
                    Err(code) => return code,
                };
                match http.open(head).await {
                    Ok(id) => i32::try_from(id.as_raw()).unwrap_or(i32::MAX),
                    Err(error) => fail_with(state, &error),
                }
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "http_write",
        |mut caller: Caller<'_, GuestState>, (handle, piece, len): (u32, u32, u32)| {
            Box::new(async move { write_body(&mut caller, handle, piece, len).await })
        },
    )?;
    Ok(())
}

/// Sends a piece of any size, a bounded part at a time.
async fn write_body(caller: &mut Caller<'_, GuestState>, handle: u32, piece: u32, len: u32) -> i32 {
    let mut sent = 0;
    while sent < len {
        let part = (len - sent).min(MAX_PIECE);
        let Some([data]) = copy_parts(caller, [(piece.wrapping_add(sent), part)]) else {
            return fail(caller.data_mut(), Code::Invalid, BAD_POINTER);
        };
        let state = caller.data_mut();
        let http = match session(state) {
            Ok(http) => http,
            Err(code) => return code,
        };
        if let Err(error) = http.write(ExchangeId::from_raw(handle), &data).await {
            return fail_with(state, &error);
        }
        sent += part;
    }
    0
}

fn link_responses(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap_async(
        MODULE,
        "http_finish",
        |mut caller: Caller<'_, GuestState>, (handle,): (u32,)| {
            Box::new(async move {
                match response_head(&mut caller, handle).await {
                    Ok(head) => i32::try_from(head.len()).unwrap_or(i32::MAX),
                    Err(code) => code,
                }
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "http_head",
        |mut caller: Caller<'_, GuestState>, (handle, out, cap): (u32, u32, u32)| {
            Box::new(async move {
                match response_head(&mut caller, handle).await {
                    Ok(head) => write_result(&mut caller, &head, out, cap),
                    Err(code) => code,
                }
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "http_read",
        |mut caller: Caller<'_, GuestState>, (handle, out, cap): (u32, u32, u32)| {
            Box::new(async move {
                if cap == 0 {
                    return 0;
                }
                let state = caller.data_mut();
                let http = match session(state) {
                    Ok(http) => http,
                    Err(code) => return code,
                };
                match http
                    .read(ExchangeId::from_raw(handle), cap.min(MAX_PIECE) as usize)
                    .await
                {
                    Ok(piece) => write_result(&mut caller, &piece, out, cap),
                    Err(error) => fail_with(state, &error),
                }
            })
        },
    )?;
    Ok(())
}

async fn response_head(caller: &mut Caller<'_, GuestState>, handle: u32) -> Result<Vec<u8>, i32> {
    let state = caller.data_mut();
    let http = session(state)?;
    match http.finish(ExchangeId::from_raw(handle)).await {
        Ok(head) => Ok(encode_head(head)),
        Err(error) => Err(fail_with(state, &error)),
    }
}

/// Status line and header lines as on the wire (RFC 9112, section 2), without the empty line.
fn encode_head(head: &ResponseHead) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {} ", head.status).into_bytes();
    out.extend_from_slice(&head.reason);
    out.extend_from_slice(b"\r\n");
    for (name, value) in &head.headers {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn request_head(
    method: Vec<u8>,
    url: Vec<u8>,
    headers: &[u8],
    framing: u32,
    size: i64,
    timeout: i64,
) -> Result<RequestHead, &'static str> {
    let url = String::from_utf8(url).map_err(|_| "the URL is not ASCII: percent-encode it")?;
    let body = match framing {
        0 => BodyFraming::None,
        1 => {
            BodyFraming::Sized(u64::try_from(size).map_err(|_| "the size of the body is negative")?)
        }
        2 => BodyFraming::Chunked,
        _ => return Err("the framing is none of 0, 1 and 2"),
    };
    Ok(RequestHead {
        method,
        url,
        headers: header_lines(headers)?,
        body,
        timeout: timeout_of(timeout),
    })
}

/// A timeout in milliseconds; negative is none.
fn timeout_of(milliseconds: i64) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// A head's lines: `(name, value)`.
type HeaderLines = Vec<(Vec<u8>, Vec<u8>)>;

fn header_lines(block: &[u8]) -> Result<HeaderLines, &'static str> {
    let mut lines = Vec::new();
    for line in block.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or("a header line has no colon")?;
        let (name, value) = line.split_at(colon);
        lines.push((name.to_vec(), value[1..].trim_ascii().to_vec()));
    }
    Ok(lines)
}

fn copy_parts<const N: usize>(
    caller: &mut Caller<'_, GuestState>,
    parts: [(u32, u32); N],
) -> Option<[Vec<u8>; N]> {
    let memory: Memory = memory_of(caller)?;
    let mut copies = Vec::with_capacity(N);
    for (pointer, len) in parts {
        copies.push(copy_out(&*caller, memory, pointer, len)?);
    }
    copies.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_are_split_at_the_first_colon() {
        let lines = header_lines(b"Host: example.com\r\nX-Time: 12:30\r\n\r\n").expect("lines");
        assert_eq!(lines[1], (b"X-Time".to_vec(), b"12:30".to_vec()));
        assert!(header_lines(b"nonsense\r\n").is_err());
    }
}
