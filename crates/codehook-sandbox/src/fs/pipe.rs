//! A pipe: bytes that one descriptor takes and another gives, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::errno::Errno;

/// What a pipe holds at most (Linux: 16 pages).
const CAPACITY: usize = 64 * 1024;

#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    reader_gone: bool,
    writer_gone: bool,
}

/// Which end of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// One end of a pipe; the other learns when it is dropped.
pub(crate) struct PipeEnd {
    pipe: Arc<Mutex<Pipe>>,
    side: Side,
    /// Whether a call that would wait answers `EAGAIN` (`O_NONBLOCK`).
    pub(crate) nonblocking: bool,
}

impl PipeEnd {
    /// The two ends, the reading one first.
    pub(crate) fn pair() -> [Self; 2] {
        let pipe = Arc::new(Mutex::new(Pipe::default()));
        [Side::Reader, Side::Writer].map(|side| Self {
            pipe: Arc::clone(&pipe),
            side,
            nonblocking: false,
        })
    }

    pub(crate) fn side(&self) -> Side {
        self.side
    }

    /// What is there, up to `out`; nothing once it is empty and cannot be filled.
    pub(crate) fn read(&self, out: &mut [u8]) -> Result<usize, Errno> {
        if self.side != Side::Reader {
            return Err(Errno::BadDescriptor);
        }
        let mut pipe = self.locked();
        if pipe.bytes.is_empty() && !pipe.writer_gone && !out.is_empty() {
            return Err(self.would_wait());
        }
        let len = out.len().min(pipe.bytes.len());
        for (target, byte) in out.iter_mut().zip(pipe.bytes.drain(..len)) {
            *target = byte;
        }
        Ok(len)
    }

    /// Takes as much of `data` as there is room for.
    pub(crate) fn write(&self, data: &[u8]) -> Result<usize, Errno> {
        if self.side != Side::Writer {
            return Err(Errno::BadDescriptor);
        }
        let mut pipe = self.locked();
        if pipe.reader_gone {
            return Err(Errno::BrokenPipe);
        }
        let len = data.len().min(CAPACITY - pipe.bytes.len());
        if len == 0 && !data.is_empty() {
            return Err(self.would_wait());
        }
        pipe.bytes.extend(&data[..len]);
        Ok(len)
    }

    /// Nobody else runs while a host call does. Waiting is the guest's: other threads of its own may come first.
    fn would_wait(&self) -> Errno {
        if self.nonblocking {
            Errno::Again
        } else {
            Errno::Deadlock
        }
    }

    fn locked(&self) -> MutexGuard<'_, Pipe> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        let side = self.side;
        let mut pipe = self.locked();
        match side {
            Side::Reader => {
                pipe.reader_gone = true;
                pipe.bytes = VecDeque::new();
            }
            Side::Writer => pipe.writer_gone = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_once_and_then_the_pipe_would_wait() {
        let [reader, writer] = PipeEnd::pair();
        assert_eq!(reader.read(&mut [0; 4]), Err(Errno::Deadlock));
        assert_eq!(writer.write(b"abcdef"), Ok(6));
        let mut piece = [0; 4];
        assert_eq!(reader.read(&mut piece), Ok(4));
        assert_eq!(&piece, b"abcd");
        assert_eq!(reader.read(&mut piece), Ok(2));
        drop(writer);
        assert_eq!(reader.read(&mut piece), Ok(0));
    }

    #[test]
    fn a_pipe_holds_no_more_than_its_capacity() {
        let [reader, mut writer] = PipeEnd::pair();
        writer.nonblocking = true;
        assert_eq!(writer.write(&[1; CAPACITY + 5]), Ok(CAPACITY));
        assert_eq!(writer.write(b"x"), Err(Errno::Again));
        drop(reader);
        assert_eq!(writer.write(b"x"), Err(Errno::BrokenPipe));
    }
}
