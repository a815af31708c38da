//! Compares a source's files with those that packages were made from.

use crate::choose::fetched_hash;
use crate::lock_file::LockedPackage;
use crate::name::PackageName;
use crate::source::{Source, SourceError, Transport};

/// What is wrong with the file of `package` in `source`; nothing if it is the locked one.
///
/// # Errors
///
/// When the source cannot be asked.
pub async fn verify_file(
    package: &LockedPackage,
    source: &mut Source,
) -> Result<Option<String>, SourceError> {
    if let Source::Index(index) = source {
        index.transport = Transport::Any;
    }
    let place = source.place();
    let gone = format!("{} is not in {place}", package.file);
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
            "{} in {place} is another file now: it has {found}, and the lock file says {}",
            package.file, package.sha256
        )
    }))
}
