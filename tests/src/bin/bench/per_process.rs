//! What a service would be that starts a native Python for each event: the same requests over HTTP, the same promise that an event is on
//! disk before it is acknowledged, as many processes at the same time as there are processors, and nothing else.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use codehook_tests::target;

use crate::connection::Address;
use crate::contender::{Contender, Process};

/// What all threads share.
#[derive(Default)]
struct Shared {
    waiting: Mutex<VecDeque<Instant>>,
    more: Condvar,
    ended: Mutex<Vec<Duration>>,
}

/// The service. Its threads stay until the program ends, with nothing to do.
pub(crate) struct PerProcess {
    pub(crate) address: Address,
    shared: Arc<Shared>,
}

impl PerProcess {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = Address {
            place: listener.local_addr()?.to_string(),
            key: "none".to_owned(),
        };
        let shared = Arc::new(Shared::default());
        let journal = Arc::new(Mutex::new(tempfile::tempfile_in(target())?));
        for _ in 0..thread::available_parallelism()?.get() {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared));
        }
        let taking = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (shared, journal) = (Arc::clone(&taking), Arc::clone(&journal));
                // A client that goes away ends its thread.
                thread::spawn(move || take(connection, &shared, &journal).ok());
            }
        });
        Ok(Self { address, shared })
    }

    /// How long each event took that has a run which has ended, from its arrival to that end. Those that wait are given up.
    pub(crate) fn ended(&self) -> anyhow::Result<Vec<Duration>> {
        let mut waiting = self
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.clear();
        let ended = self
            .shared
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(ended.clone())
    }
}

fn work(shared: &Shared) {
    let python = Process::python(&[]);
    loop {
        let mut waiting = shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let arrived = loop {
            match waiting.pop_front() {
                Some(arrived) => break arrived,
                None => {
                    waiting = shared
                        .more
                        .wait(waiting)
                        .unwrap_or_else(PoisonError::into_inner)
                }
            }
        };
        drop(waiting);
        if python.run(b"pass\n").is_ok() {
            let mut ended = shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.push(arrived.elapsed());
        }
    }
}

fn take(stream: TcpStream, shared: &Shared, journal: &Mutex<File>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim_end().to_ascii_lowercase();
            match text.strip_prefix("content-length: ") {
                Some(number) => length = number.parse().context("a length")?,
                None if text.is_empty() => break,
                None => {}
            }
        }
        let mut event = vec![0; length];
        stream.read_exact(&mut event)?;
        let arrived = Instant::now();
        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.write_all(&event)?;
        journal.sync_data()?;
        drop(journal);
        let mut waiting = shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(arrived);
        drop(waiting);
        shared.more.notify_one();
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}")?;
    }
}
