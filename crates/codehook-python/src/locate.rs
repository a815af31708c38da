//! Where the runtime file is. In this order:
//!
//! 1. `NAME.runtime` in the directory that the environment variable `CODEHOOK_RUNTIME_DIR` names;
//! 2. the end of the program itself, as in what `make dist` makes;
//! 3. `lib/codehook/NAME.runtime` beside the program's directory, or one above: where the build puts it, and where a
//!    distribution may.
//!
//! A file that is not the program itself holds code which is run outside of any sandbox. So it must be this user's or
//! root's, and nobody else's to write to.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::format;

/// Names the directory of runtime files.
const DIRECTORY_VARIABLE: &str = "CODEHOOK_RUNTIME_DIR";
/// Opens what runs, even if another file has taken its name since.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// Those who may write besides the owner.
const GROUP_AND_OTHERS_WRITE: u32 = 0o022;

/// Why no runtime file is found.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// There is none.
    #[error(
        "there is no {name} interpreter: none is part of {program}, and none of {tried:?} is there. Build it with \
         `make python`, or name the directory of {name}.runtime in CODEHOOK_RUNTIME_DIR"
    )]
    Missing {
        /// The runtime's name.
        name: String,
        /// The program that looked.
        program: PathBuf,
        /// Where else it looked.
        tried: Vec<PathBuf>,
    },
    /// It cannot be opened.
    #[error("the runtime file {path} cannot be opened: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could put code there.
    #[error(
        "the runtime file {path} holds code and can be written by others: it must belong to you or to root, and to \
         nobody else (`chmod go-w`)"
    )]
    Untrusted {
        /// The file.
        path: PathBuf,
    },
}

/// Finds and opens the runtime file of that name; its path is for people.
pub(crate) fn find(name: &str) -> Result<(File, PathBuf), LocateError> {
    let program = std::env::current_exe().unwrap_or_else(|_| THIS_PROGRAM.into());
    let named = std::env::var_os(DIRECTORY_VARIABLE).filter(|name| !name.is_empty());
    if named.is_none()
        && let Some(file) = appended(Path::new(THIS_PROGRAM))
    {
        return Ok((file, program));
    }
    let tried = candidates(name, named, &program);
    for path in &tried {
        match File::open(path) {
            Ok(file) => return trusted(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let path = path.clone();
                return Err(LocateError::Open { path, source });
            }
        }
    }
    Err(LocateError::Missing {
        name: name.to_owned(),
        program,
        tried,
    })
}

/// The program, if a runtime file follows it. One that is damaged is found, and refused later with the reason.
fn appended(program: &Path) -> Option<File> {
    let mut file = File::open(program).ok()?;
    format::is_at_the_end_of(&mut file).then_some(file)
}

fn candidates(name: &str, named: Option<OsString>, program: &Path) -> Vec<PathBuf> {
    let file = format!("{name}.runtime");
    if let Some(directory) = named {
        return vec![PathBuf::from(directory).join(file)];
    }
    // The program's own directory, such as bin, is the first of its ancestors.
    let above = program.ancestors().skip(2).take(2);
    above
        .map(|directory| directory.join("lib/codehook").join(&file))
        .collect()
}

fn trusted(file: File, path: &Path) -> Result<(File, PathBuf), LocateError> {
    let path = path.to_owned();
    let metadata = match file.metadata() {
        Ok(metadata) => metadata,
        Err(source) => return Err(LocateError::Open { path, source }),
    };
    let mine = [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid());
    if metadata.is_file() && mine && metadata.mode() & GROUP_AND_OTHERS_WRITE == 0 {
        Ok((file, path))
    } else {
        Err(LocateError::Untrusted { path })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_looked_for_beside_the_programs_directory_and_one_above() {
        let found = candidates(
            "python2.7",
            None,
            Path::new("/opt/x/target/release/codehook"),
        );
        let expected = [
            "/opt/x/target/lib/codehook/python2.7.runtime",
            "/opt/x/lib/codehook/python2.7.runtime",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn a_directory_that_is_named_is_the_only_one() {
        let found = candidates(
            "python2.7",
            Some("/srv/r".into()),
            Path::new("/usr/bin/codehook"),
        );
        assert_eq!(found, [PathBuf::from("/srv/r/python2.7.runtime")]);
    }

    #[test]
    fn a_file_that_others_can_write_to_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("python2.7.runtime");
        fs::write(&path, "anything").expect("a file");
        for (mode, refused) in [(0o644, false), (0o600, false), (0o664, true), (0o646, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            let file = File::open(&path).expect("a file");
            let answer = trusted(file, &path);
            assert_eq!(
                matches!(answer, Err(LocateError::Untrusted { .. })),
                refused,
                "{mode:o}"
            );
        }
    }

    #[test]
    fn a_program_without_a_runtime_file_is_a_program_alone() {
        assert!(appended(Path::new("/proc/self/exe")).is_none());
        assert!(appended(Path::new("/nowhere")).is_none());
    }
}
