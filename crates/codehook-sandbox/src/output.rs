//! Standard output and standard error of a run: redacted, capped, and passed on as they come.

use std::sync::Arc;

use codehook_api_types::OutputStream;

use crate::redaction::{Redactor, Secrets};

/// A captured stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The script's output, secrets replaced, cut at the limit with a visible mark at the end.
    pub bytes: Vec<u8>,
    /// Whether something was cut off.
    pub truncated: bool,
}

/// Called with every piece of output as it comes, after redaction and within the cap. It must not block.
pub type OutputSink = Arc<dyn Fn(OutputStream, &[u8]) + Send + Sync>;

/// The most bytes that are redacted at a time.
const PART_BYTES: usize = 64 * 1024;

/// Captures one stream.
pub(crate) struct Capture {
    stream: OutputStream,
    redactor: Redactor,
    sink: Option<OutputSink>,
    captured: Captured,
    limit: usize,
}

impl Capture {
    pub(crate) fn new(
        stream: OutputStream,
        secrets: &Secrets,
        limit: usize,
        sink: Option<OutputSink>,
    ) -> Self {
        Self {
            stream,
            redactor: Redactor::new(secrets.clone()),
            sink,
            captured: Captured::default(),
            limit,
        }
    }

    /// Takes a piece. Bytes beyond the limit are dropped without an error: a full log is no reason for a script to
    /// fail.
    pub(crate) fn write(&mut self, piece: &[u8]) {
        // A single write may be as large as the guest's memory; no more of it is copied than is kept.
        for part in piece.chunks(PART_BYTES) {
            if self.captured.truncated {
                return;
            }
            let shown = self.redactor.push(part);
            self.keep(&shown);
        }
    }

    /// Returns the stream as captured, after its end.
    pub(crate) fn finish(&mut self) -> Captured {
        if !self.captured.truncated {
            let rest = self.redactor.finish();
            self.keep(&rest);
        }
        std::mem::take(&mut self.captured)
    }

    fn keep(&mut self, shown: &[u8]) {
        let room = self.limit - self.captured.bytes.len();
        if shown.len() <= room {
            self.append(shown);
            return;
        }
        self.append(&shown[..room]);
        self.captured.truncated = true;
        let mark = format!("\n[output truncated after {} bytes]\n", self.limit);
        self.append(mark.as_bytes());
    }

    fn append(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        self.captured.bytes.extend_from_slice(piece);
        if let Some(sink) = &self.sink {
            sink(self.stream, piece);
        }
    }
}
