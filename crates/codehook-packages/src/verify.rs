//! Compares a source's files with the locked ones.

use crate::choose::fetched_hash;
use crate::lock_file::LockedPackage;
use crate::name::PackageName;
use crate::source::{Source, SourceError, Transport};

/// Compares the file of `package` in `source` with the locked one; returns the difference, if any.
///
/// # Errors
///
/// When the source cannot be read.
pub async fn verify_file(
    package: &LockedPackage,
    source: &mut Source,
) -> Result<Option<String>, SourceError> {
    if let Source::Index(index) = source {
        index.transport = Transport::Any;
    }
    let location = source.location();
    let gone = format!("{} is not in {location}", package.file);
    let Ok(name) = package.name.parse::<PackageName>() else {
        return Ok(Some(gone));
    };
    let candidates = source.candidates(&name).await?;
    let Some(candidate) = candidates
        .iter()
        .find(|candidate| candidate.file.text == package.file)
    else {
        return Ok(Some(gone));
    };
    let found = fetched_hash(source, candidate).await?;
    Ok((found != package.sha256).then(|| {
        format!(
            "{} in {location} is another file now: it has {found}, and the lock file has {}",
            package.file, package.sha256
        )
    }))
}
