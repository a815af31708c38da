//! The script's output as it comes. Writing happens on a thread of its own, so that a reader who is slow, or has
//! gone, neither holds the run up nor ends it; what waits to be written is bounded by the run's limit on output.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use codehook_sandbox::{OutputSink, OutputStream};

use crate::terminal;

type Piece = (OutputStream, Vec<u8>);

/// A thread that writes what it is sent.
pub(crate) struct LiveOutput {
    sender: Sender<Piece>,
    thread: JoinHandle<Line>,
}

/// Whether the terminal's cursor is where the summary can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Ended,
    Open,
}

impl LiveOutput {
    pub(crate) fn start() -> Self {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || write_all(&receiver));
        Self { sender, thread }
    }

    /// Where the sandbox sends output. It must be dropped before [`LiveOutput::finish`].
    pub(crate) fn sink(&self) -> OutputSink {
        let sender = self.sender.clone();
        Arc::new(move |stream, bytes: &[u8]| {
            // The thread ends with the last sender only.
            let _ = sender.send((stream, bytes.to_vec()));
        })
    }

    /// Waits until everything is written, and ends the last line if the script did not.
    pub(crate) fn finish(self) {
        drop(self.sender);
        if self.thread.join().is_ok_and(|line| line == Line::Open) {
            terminal::stderr(b"\n");
        }
    }
}

fn write_all(pieces: &Receiver<Piece>) -> Line {
    let mut line = Line::Ended;
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    for (stream, bytes) in pieces {
        // A stream whose reader has gone swallows the rest.
        let (_, beside_the_summary) = match stream {
            OutputStream::Stdout => (put(&mut stdout, &bytes), stdout.is_terminal()),
            OutputStream::Stderr => (put(&mut stderr, &bytes), true),
        };
        if beside_the_summary {
            line = if bytes.ends_with(b"\n") {
                Line::Ended
            } else {
                Line::Open
            };
        }
    }
    line
}

fn put(stream: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
