//! Pipes in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::errno::Errno;

/// The most bytes in a pipe (Linux: 16 pages).
const CAPACITY: usize = 64 * 1024;

#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    reader_gone: bool,
    writer_gone: bool,
}

/// One of the ends of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// An end of a pipe. Dropping it closes it for the other end.
pub(crate) struct PipeEnd {
    pipe: Arc<Mutex<Pipe>>,
    side: Side,
    /// Whether a call that would wait fails with `EAGAIN` (`O_NONBLOCK`).
    pub(crate) nonblocking: bool,
}

impl PipeEnd {
    /// Creates a pipe, and returns its ends, the reading one first.
    pub(crate) fn pair() -> [Self; 2] {
        let pipe = Arc::new(Mutex::new(Pipe::default()));
        [Side::Reader, Side::Writer].map(|side| Self {
            pipe: Arc::clone(&pipe),
            side,
            nonblocking: false,
        })
    }

    /// Returns which end it is.
    pub(crate) fn side(&self) -> Side {
        self.side
    }

    /// Reads up to `out.len()` bytes; 0 once the pipe is empty and its writing end closed.
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

    /// Writes as much of `data` as there is room for.
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

    /// Returns the error of a call that would wait. The host cannot wait: the other end is the same guest's. The guest
    /// lets its other threads run, and calls again.
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
