//! The file system of one run, in memory but for a private `/tmp`.

mod descriptors;
mod directory_entry;
mod errno;
mod guest_fs;
mod layered_library;
mod names;
mod open_file;
mod open_how;
mod path;
mod pipe;
mod stat;
mod stat_only;
mod tmp;
mod tmp_root;

pub(crate) use errno::Errno;
pub(crate) use guest_fs::{GuestFs, ROOT_DESCRIPTOR};
pub(crate) use layered_library::LayeredLibrary;
pub(crate) use names::{bytes_of, text_of};
pub(crate) use open_file::OpenFile;
pub(crate) use open_how::{Follow, OpenHow, RequireDirectory};
pub(crate) use pipe::Side;
pub(crate) use stat::Mode;
pub(crate) use stat_only::{SCRIPT_DIRECTORY, ScriptFile};
pub(crate) use tmp::Tmp;
pub use tmp::TmpLeftovers;
pub(crate) use tmp_root::TmpRoot;
