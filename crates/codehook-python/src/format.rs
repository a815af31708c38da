//! The runtime file: a zip archive whose members are stored as they are, each from a multiple of 4096 bytes on, so
//! that they can be mapped where they lie.
//!
//! A zip archive is read from its end, so it may follow something else: the program. Both must then begin at multiples
//! of 4096.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use zip::read::{ArchiveOffset, Config, ZipArchive};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// The interpreter.
pub(crate) const WASM: &str = "interpreter.wasm";
/// The interpreter's SHA-256, 32 bytes.
pub(crate) const WASM_SHA256: &str = "interpreter.sha256";
/// Its code, compiled for this platform.
pub(crate) const CODE: &str = "interpreter.code";
/// What the code was compiled from and how, 32 bytes.
pub(crate) const CODE_KEY: &str = "interpreter.code.key";
/// What its memory holds when a run begins.
pub(crate) const IMAGE: &str = "interpreter.image";
/// The library (tar).
pub(crate) const LIBRARY: &str = "library.tar";
/// The library's index.
pub(crate) const INDEX: &str = "library.index";
/// What the library holds (JSON).
pub(crate) const MANIFEST: &str = "manifest.json";

const NAMES: [&str; 8] = [
    WASM,
    WASM_SHA256,
    CODE,
    CODE_KEY,
    IMAGE,
    LIBRARY,
    INDEX,
    MANIFEST,
];
/// What members begin at a multiple of, in bytes.
const ALIGNMENT: u16 = 4096;
/// A file with more members is refused.
const MAX_MEMBERS: usize = 64;
/// What the record at an archive's end (APPNOTE.TXT 4.3.16) begins with.
const END: &[u8] = b"PK\x05\x06";
/// Its length where the archive has no comment.
const END_BYTES: usize = 22;
/// Where in it the length of the list of members is, and the list's distance from the archive's start.
const LIST_LENGTH_AT: usize = 12;
const LIST_PLACE_AT: usize = 16;

/// Why a file is no runtime file.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// No archive ends where it ends.
    #[error("it is no archive, or was cut off")]
    NoArchive,
    /// It is a damaged archive.
    #[error("it is a damaged archive: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A member is missing.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A member is compressed, is not where it can be mapped, or does not lie in the file.
    #[error("{0} cannot be mapped")]
    Place(String),
    /// A member has another length than it must have.
    #[error("a part of it has the wrong length")]
    Short,
    /// The manifest is no UTF-8.
    #[error("its manifest is no text")]
    Text,
    /// Something else than a runtime file.
    #[error("it has more members than a runtime file")]
    Members,
}

/// Where the members of a runtime file lie.
#[derive(Debug)]
pub(crate) struct Members(Vec<(String, Range<u64>)>);

impl Members {
    /// Reads the list at the file's end.
    pub(crate) fn of(file: &mut File) -> Result<Self, FormatError> {
        let size = file.metadata()?.len();
        Self::read(file, size)
    }

    /// The same of whatever holds `size` bytes.
    pub(crate) fn read(mut from: impl Read + Seek, size: u64) -> Result<Self, FormatError> {
        let config = Config {
            archive_offset: ArchiveOffset::Known(start(&mut from, size)?),
        };
        let mut archive = ZipArchive::with_config(config, from)?;
        if archive.len() > MAX_MEMBERS {
            return Err(FormatError::Members);
        }
        let mut members = Vec::with_capacity(archive.len());
        for number in 0..archive.len() {
            let member = archive.by_index_raw(number)?;
            let name = member.name()?.into_owned();
            let place = member
                .data_start()
                .and_then(|start| Some(start..start.checked_add(member.size())?));
            let mappable = |place: &Range<u64>| {
                member.compression() == CompressionMethod::Stored
                    && member.size() == member.compressed_size()
                    && place.start.is_multiple_of(u64::from(ALIGNMENT))
                    && place.end <= size
            };
            match place.filter(mappable) {
                Some(place) => members.push((name, place)),
                None => return Err(FormatError::Place(name)),
            }
        }
        Ok(Self(members))
    }

    /// Where a member lies, in bytes from the file's start. Never empty.
    pub(crate) fn part(&self, name: &'static str) -> Result<Range<u64>, FormatError> {
        let found = self
            .0
            .iter()
            .find(|(own, part)| own == name && !part.is_empty());
        found
            .map(|(_, part)| part.clone())
            .ok_or(FormatError::Missing(name))
    }
}

/// Whether `file` ends as an archive does, whatever is before it. The archive may be damaged all the same.
pub(crate) fn is_at_the_end_of(file: &mut File) -> bool {
    let size = file.metadata().map(|metadata| metadata.len());
    size.is_ok_and(|size| start(file, size).is_ok())
}

/// Where the archive at the end of `size` bytes begins: what is before it is a program.
///
/// The library would search all of a file that is none; and behind a program it takes the first signature of a list
/// for the list, where there are such bytes in members too (those of Python's `zipfile`).
fn start(from: &mut (impl Read + Seek), size: u64) -> Result<u64, FormatError> {
    let mut end = [0; END_BYTES];
    let read = from
        .seek(SeekFrom::End(-(END_BYTES as i64)))
        .and_then(|_| from.read_exact(&mut end));
    let number = |at: usize| {
        let bytes = end.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_le_bytes(bytes)))
    };
    if read.is_err() || !end.starts_with(END) {
        return Err(FormatError::NoArchive);
    }
    // The list lies before the record, and its place is counted from the archive's start.
    let (length, place) = (number(LIST_LENGTH_AT), number(LIST_PLACE_AT));
    let start = (size.checked_sub(END_BYTES as u64))
        .and_then(|end| end.checked_sub(length?))
        .and_then(|list| list.checked_sub(place?));
    start.ok_or(FormatError::NoArchive)
}

/// What a runtime file is made of.
pub struct RuntimeParts<'a> {
    /// The interpreter's snapshot.
    pub wasm: &'a [u8],
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its compiled code, with what names it, and its memory image.
    pub precompiled: &'a codehook_sandbox::PrecompiledParts,
    /// The library (tar).
    pub library: &'a [u8],
    /// Its index.
    pub index: &'a [u8],
    /// What it holds (JSON).
    pub manifest: &'a str,
}

/// Why a runtime file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file system refuses it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The archive cannot be made.
    #[error(transparent)]
    Archive(#[from] zip::result::ZipError),
}

impl RuntimeParts<'_> {
    /// Writes the runtime file `path`, whole or not at all. The same parts give the same bytes.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        self.write_to(file.as_file_mut())?;
        // As programs are: whoever may run one may read its runtime.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(readable)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    pub(crate) fn write_to(&self, to: impl Write + Seek) -> Result<(), WriteError> {
        let members: [&[u8]; NAMES.len()] = [
            self.wasm,
            &self.sha256,
            &self.precompiled.code,
            &self.precompiled.key,
            &self.precompiled.image,
            self.library,
            self.index,
            self.manifest.as_bytes(),
        ];
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .with_alignment(ALIGNMENT);
        let mut archive = ZipWriter::new(to);
        for (name, content) in NAMES.iter().zip(members) {
            archive.start_file(*name, options)?;
            archive.write_all(content)?;
        }
        archive.finish()?;
        Ok(())
    }
}
