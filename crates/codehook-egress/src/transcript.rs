//! What a run asked for and what came of it, for its report.
//!
//! Holds no header, no body, no query value, no user name and no address: see [`TranscriptEntry::url`].

use codehook_api_types::{EgressErrorKind, TranscriptEntry};
use tokio::time::Instant;

use crate::error::EgressError;

/// What stands in the place of a method or a URL that is none: the text itself could hold anything.
pub(crate) const INVALID: &str = "(invalid)";

pub(crate) struct Ledger {
    started: Instant,
    entries: Vec<TranscriptEntry>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            entries: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, method: String, url: String) -> usize {
        let started_ms = self.now();
        self.entries.push(TranscriptEntry {
            method,
            url,
            status: None,
            error: None,
            request_bytes: 0,
            response_bytes: 0,
            started_ms,
            duration_ms: 0,
        });
        self.entries.len() - 1
    }

    /// The entry, its duration brought up to now.
    pub(crate) fn touch(&mut self, index: usize) -> &mut TranscriptEntry {
        let now = self.now();
        let entry = &mut self.entries[index];
        entry.duration_ms = now - entry.started_ms;
        entry
    }

    pub(crate) fn fail(&mut self, index: usize, error: &EgressError) {
        let entry = self.touch(index);
        tracing::debug!(
            method = entry.method,
            error = error.kind().as_str(),
            duration_ms = entry.duration_ms,
            "outbound request failed"
        );
        entry.error = Some(error.kind());
    }

    pub(crate) fn entries(&self) -> &[TranscriptEntry] {
        &self.entries
    }

    pub(crate) fn into_entries(mut self) -> Vec<TranscriptEntry> {
        for entry in &mut self.entries {
            if entry.status.is_none() && entry.error.is_none() {
                entry.error = Some(EgressErrorKind::Abandoned);
            }
        }
        self.entries
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
