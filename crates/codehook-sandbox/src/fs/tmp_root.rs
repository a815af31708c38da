//! The host's directories for the runs' `/tmp`, which are deleted whatever happens: each process has one
//! directory, locked while it lives, and a new process deletes those whose lock no process holds any more.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

const PREFIX: &str = "codehook-tmp-";
const LOCK: &str = "lock";
const LOCK_IN_THE_MAKING: &str = "lock.new";

/// The process's directory for `/tmp` directories. Cheap to clone; deleted with the last clone.
#[derive(Clone)]
pub(crate) struct TmpRoot {
    owned: Arc<Owned>,
}

struct Owned {
    directory: tempfile::TempDir,
    _lock: File,
}

impl TmpRoot {
    /// Creates the process's directory in `parent`, mode 0700, and deletes what dead processes of the same user left
    /// there.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let unlocked = directory.path().join(LOCK_IN_THE_MAKING);
        let lock = File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&unlocked)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        // Only now does it have the name that other processes look for: a lock that is free for a moment is that of a
        // dead one.
        fs::rename(&unlocked, directory.path().join(LOCK))?;
        Ok(Self {
            owned: Arc::new(Owned {
                directory,
                _lock: lock,
            }),
        })
    }

    /// Creates a directory for one run, mode 0700; deleted when dropped.
    pub(crate) fn make_directory(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(self.owned.directory.path())
    }
}

/// Deletes the directories of dead processes. Nothing here can fail a start: what cannot be deleted stays.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_abandoned(&path) {
            let removed = fs::remove_dir_all(&path);
            tracing::debug!(path = %path.display(), removed = removed.is_ok(), "abandoned run directory");
        }
    }
}

/// Returns whether a directory is this user's, no link, and its lock is free. One without a lock file is being created.
fn is_abandoned(path: &PathBuf) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return false;
    }
    let Ok(lock) = File::options().write(true).open(path.join(LOCK)) else {
        return false;
    };
    flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_process_deletes_only_what_dead_ones_left() {
        let parent = tempfile::tempdir().expect("a directory");
        let living = TmpRoot::new(parent.path()).expect("a root");
        let dead = parent.path().join("codehook-tmp-dead");
        fs::create_dir(&dead).expect("a directory");
        fs::write(dead.join(LOCK), "").expect("a lock file");
        fs::write(dead.join("left"), "behind").expect("a file");
        let _second = TmpRoot::new(parent.path()).expect("a root");
        assert!(!dead.exists());
        assert!(living.owned.directory.path().exists());
    }

    #[test]
    fn processes_that_start_at_the_same_time_leave_each_others_directories_alone() {
        let parent = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let root = TmpRoot::new(parent.path()).expect("a root");
                        root.make_directory().expect("a directory of a run");
                    }
                });
            }
        });
    }
}
