//! Options of an open.

/// Access and creation, from the flags of `open(2)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenHow {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
}

/// Whether the last component of a path is followed if it is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    Links,
    Nothing,
}

/// Whether an open must find a directory (`O_DIRECTORY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequireDirectory {
    Yes,
    No,
}
