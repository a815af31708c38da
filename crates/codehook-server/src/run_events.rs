//! What runs say while they run, and what becomes of them, for whoever watches.

use std::sync::{Mutex, MutexGuard, PoisonError};

use codehook_api_types::{OutputChunk, OutputStream, RunTransition};
use codehook_store::Id;
use tokio::sync::{broadcast, watch};

/// RunEvents that a slow watcher may be behind; beyond that it is told to look at the journal.
const BROADCAST_CAPACITY: usize = 1024;

/// A change of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) tenant: String,
    pub(crate) run: Id,
    pub(crate) event: Id,
    pub(crate) hook: Id,
    pub(crate) attempt: u32,
    pub(crate) transition: RunTransition,
}

/// Tells watchers of changes.
pub(crate) struct RunEvents(broadcast::Sender<Change>);

impl Default for RunEvents {
    fn default() -> Self {
        Self(broadcast::Sender::new(BROADCAST_CAPACITY))
    }
}

impl RunEvents {
    /// Tells everybody who watches; nobody has to.
    pub(crate) fn tell(&self, change: impl FnOnce() -> Change) {
        if self.0.receiver_count() > 0 {
            // The last receiver may have gone just now.
            let _ = self.0.send(change());
        }
    }

    /// All changes from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}

#[derive(Default)]
struct Pieces {
    all: Vec<OutputChunk>,
    /// The first bytes of a character whose last ones have not come, of each stream.
    begun: [Vec<u8>; 2],
}

/// The output of an attempt that is under way. As long as the sandbox lets it be.
pub(crate) struct AttemptLog {
    pub(crate) number: u32,
    pieces: Mutex<Pieces>,
    /// Pieces so far, and whether there will be no more.
    length: watch::Sender<(usize, bool)>,
}

impl AttemptLog {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            pieces: Mutex::default(),
            length: watch::Sender::new((0, false)),
        }
    }

    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a piece.
    pub(crate) fn write(&self, stream: OutputStream, bytes: &[u8]) {
        let place = match stream {
            OutputStream::Stdout => 0,
            OutputStream::Stderr => 1,
        };
        let mut pieces = self.pieces();
        let begun = &mut pieces.begun[place];
        begun.extend_from_slice(bytes);
        let text = whole_characters(begun);
        if !text.is_empty() {
            pieces.all.push(OutputChunk { stream, text });
            let length = pieces.all.len();
            self.length.send_modify(|(pieces, _)| *pieces = length);
        }
    }

    /// There will be no more.
    pub(crate) fn end(&self) {
        self.length.send_modify(|(_, ended)| *ended = true);
    }

    /// The pieces from `from` on, waiting for one; none once all were read.
    pub(crate) async fn read(&self, from: usize) -> Vec<OutputChunk> {
        let mut length = self.length.subscribe();
        // The sender is a part of this.
        let _ = length
            .wait_for(|(pieces, ended)| *pieces > from || *ended)
            .await;
        let pieces = self.pieces();
        pieces.all.get(from..).unwrap_or_default().to_vec()
    }
}

/// Takes the characters that are whole out of `bytes`; what is no UTF-8 becomes U+FFFD.
fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let incomplete = match str::from_utf8(bytes) {
        Ok(_) => 0,
        // Looked at from the last fault on: those before it are replaced below.
        Err(_) => (1..=bytes.len().min(3))
            .find(|tail| {
                let rest = &bytes[bytes.len() - tail..];
                str::from_utf8(rest)
                    .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
            })
            .unwrap_or(0),
    };
    let rest = bytes.split_off(bytes.len() - incomplete);
    let text = String::from_utf8_lossy(bytes).into_owned();
    *bytes = rest;
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_is_read_as_it_comes_and_characters_stay_whole() {
        let log = AttemptLog::new(1);
        let euro = "a€".as_bytes();
        log.write(OutputStream::Stdout, &euro[..2]);
        assert_eq!(log.read(0).await[0].text, "a");
        log.write(OutputStream::Stderr, b"\xffb");
        log.write(OutputStream::Stdout, &euro[2..]);
        let rest = log.read(1).await;
        assert_eq!(rest[0].text, "\u{fffd}b");
        assert_eq!(
            (rest[1].stream, rest[1].text.as_str()),
            (OutputStream::Stdout, "€")
        );
        log.end();
        assert!(log.read(3).await.is_empty());
    }
}
