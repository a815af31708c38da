//! Pages of long lists.

use crate::id::Id;

/// A page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor for the next page; none on the last.
    pub next: Option<Id>,
}

impl<T> Page<T> {
    /// Makes a page of a list that was read with one item more than `limit`.
    pub(crate) fn from_list(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> Self {
        let next = if items.len() > limit {
            items.truncate(limit);
            items.last().map(id)
        } else {
            None
        };
        Self { items, next }
    }
}
