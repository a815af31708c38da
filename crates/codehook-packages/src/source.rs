//! Sources of packages: a folder, or an index (PEP 503 and PEP 691).

mod index;
mod pip;
mod simple_html;
mod simple_json;

use std::path::{Path, PathBuf};

use url::Url;

use crate::archive::MAX_ARCHIVE_BYTES;
use crate::file_name::FileName;
use crate::hash::Sha256;
use crate::name::PackageName;

pub(crate) use index::Transport;
pub use index::{Index, IndexError};
pub use pip::{PipError, index_of_pip};

/// Errors of a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder or a file in it cannot be read.
    #[error(
        "{path} cannot be read ({error}): name a folder of wheels and source archives with `--from FOLDER`"
    )]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A file is too large.
    #[error("{0} is larger than the limit of {max} MiB", max = MAX_ARCHIVE_BYTES >> 20)]
    TooLarge(String),
    /// See [`IndexError`].
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// A folder or an index.
pub enum Source {
    /// Files in a folder; folders below it are ignored.
    Folder(PathBuf),
    /// An index.
    Index(Box<Index>),
}

/// A file that a source has.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) file: FileName,
    pub(crate) location: Location,
    /// The hash that the source announces.
    pub(crate) hash: Option<Sha256>,
    pub(crate) requires_python: Option<String>,
    /// Whether it is yanked (PEP 592): taken only when its version is requested.
    pub(crate) yanked: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Location {
    File(PathBuf),
    Url(Url),
}

/// Shows the location without the secret parts of a URL.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => f.write_str(&shown(url)),
        }
    }
}

impl Source {
    /// Lists every file of a package, of all versions.
    pub(crate) async fn candidates(
        &mut self,
        package: &PackageName,
    ) -> Result<Vec<Candidate>, SourceError> {
        match self {
            Self::Folder(folder) => in_folder(folder, package),
            Self::Index(index) => Ok(index.candidates(package).await?),
        }
    }

    /// Fetches the bytes of a file.
    pub(crate) async fn fetch(&mut self, candidate: &Candidate) -> Result<Vec<u8>, SourceError> {
        match (self, &candidate.location) {
            (Self::Index(index), Location::Url(url)) => Ok(index.fetch(url).await?),
            (_, Location::File(path)) => read(path),
            (Self::Folder(_), Location::Url(url)) => read(Path::new(url.path())),
        }
    }

    /// Returns its location, without credentials.
    pub(crate) fn location(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Index(index) => shown(index.url()),
        }
    }
}

fn in_folder(folder: &Path, package: &PackageName) -> Result<Vec<Candidate>, SourceError> {
    let failed = |error| SourceError::Folder {
        path: folder.to_owned(),
        error,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let file = name
            .to_str()
            .and_then(|name| FileName::parse(name, package));
        if let Some(file) = file {
            found.push(Candidate {
                file,
                location: Location::File(entry.path()),
                hash: None,
                requires_python: None,
                yanked: false,
            });
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let failed = |error| SourceError::Folder {
        path: path.to_owned(),
        error,
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_ARCHIVE_BYTES {
        return Err(SourceError::TooLarge(path.display().to_string()));
    }
    std::fs::read(path).map_err(failed)
}

/// A URL without user name, password, query and fragment.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}
