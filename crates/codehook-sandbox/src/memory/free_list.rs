//! Resources that are kept for the next run.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded list of unused resources.
pub(crate) struct FreeList<T> {
    items: Mutex<Vec<T>>,
    capacity: usize,
}

impl<T> FreeList<T> {
    /// Returns an empty list.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: Mutex::new(Vec::new()),
            capacity,
        }
    }

    /// Takes the item that was used last: its content is in the processor's cache.
    pub(crate) fn take(&self) -> Option<T> {
        self.items().pop()
    }

    /// Returns whether [`put`](Self::put) would drop an item.
    pub(crate) fn is_full(&self) -> bool {
        self.items().len() >= self.capacity
    }

    /// Keeps `item`, or drops it when the list is full.
    pub(crate) fn put(&self, item: T) {
        let mut items = self.items();
        if items.len() < self.capacity {
            items.push(item);
        }
    }

    fn items(&self) -> MutexGuard<'_, Vec<T>> {
        // Nothing that holds the lock can leave the list half changed.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
