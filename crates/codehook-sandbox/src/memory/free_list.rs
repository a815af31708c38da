//! What runs are done with and the next ones can use.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A list of at most so many things that nobody uses now.
pub(crate) struct Idle<T> {
    things: Mutex<Vec<T>>,
    most: usize,
}

impl<T> Idle<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            things: Mutex::new(Vec::new()),
            most,
        }
    }

    /// The one that was used last: what it holds is in the processor's cache.
    pub(crate) fn take(&self) -> Option<T> {
        self.things().pop()
    }

    /// Whether one more would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.things().len() >= self.most
    }

    /// Keeps `thing`, or drops it when there are enough.
    pub(crate) fn put(&self, thing: T) {
        let mut things = self.things();
        if things.len() < self.most {
            things.push(thing);
        }
    }

    fn things(&self) -> MutexGuard<'_, Vec<T>> {
        // Nothing that holds the lock can leave the list half changed.
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
