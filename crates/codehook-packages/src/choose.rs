//! Chooses the file of a source to install.

use pep440_rs::Version;

use crate::hash::Sha256;
use crate::metadata::{Python27, requires_python};
use crate::name::Wanted;
use crate::refusal::Refusal;
use crate::source::{Candidate, Source, SourceError};

/// The chosen file.
pub(crate) struct Chosen {
    pub(crate) candidate: Candidate,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: Sha256,
}

/// A hash that the file must have, and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    pub(crate) hash: Sha256,
    pub(crate) origin: &'static str,
}

/// Reasons why no file was chosen.
#[derive(Debug)]
pub(crate) enum ChooseError {
    Source(SourceError),
    Refused(Refusal),
}

impl From<SourceError> for ChooseError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<Refusal> for ChooseError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Chooses the best file of the wanted version: a wheel before a source archive. Files that a demand rules out are
/// skipped.
pub(crate) async fn choose(
    source: &mut Source,
    wanted: &Wanted,
    demand: Option<&Demand>,
) -> Result<Chosen, ChooseError> {
    let candidates = source.candidates(&wanted.name).await?;
    let newest = newest_for_python27(&candidates, |_| true)
        .map(|version| format!("{}=={version}", wanted.name));
    let Some(version) = &wanted.version else {
        return Err(Refusal::NoVersion { newest }.into());
    };
    let text = format!("{}=={version}", wanted.name);
    let (mut usable, reasons) = usable_files(&candidates, version);
    if usable.is_empty() && reasons.is_empty() {
        let place = source.location();
        return Err(Refusal::NotThere {
            wanted: text,
            place,
            newest,
        }
        .into());
    }
    usable.sort_by_key(|(rank, candidate)| (*rank, candidate.file.text.clone()));
    let mut refused = None;
    for (_, candidate) in usable {
        match fetch(source, candidate, demand).await? {
            Ok(chosen) => return Ok(chosen),
            // Another file of the version may be the one that is demanded.
            Err(refusal) if demand.is_some() => refused = refused.or(Some(refusal)),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(refused
        .unwrap_or(Refusal::NoUsableFile {
            wanted: text,
            reasons,
            newest,
        })
        .into())
}

async fn fetch(
    source: &mut Source,
    candidate: &Candidate,
    demand: Option<&Demand>,
) -> Result<Result<Chosen, Refusal>, SourceError> {
    let other = |origin, expected: &Sha256, found: &Sha256| Refusal::OtherBytes {
        file: candidate.file.text.clone(),
        demand: origin,
        expected: expected.clone(),
        found: found.clone(),
    };
    if let (Some(demand), Some(announced)) = (demand, &candidate.hash)
        && demand.hash != *announced
    {
        return Ok(Err(other(demand.origin, &demand.hash, announced)));
    }
    let bytes = source.fetch(candidate).await?;
    let hash = Sha256::of(&bytes);
    if let Some(demand) = demand.filter(|demand| demand.hash != hash) {
        return Ok(Err(other(demand.origin, &demand.hash, &hash)));
    }
    if let Some(announced) = candidate
        .hash
        .as_ref()
        .filter(|announced| **announced != hash)
    {
        return Ok(Err(other("the index announces", announced, &hash)));
    }
    Ok(Ok(Chosen {
        candidate: candidate.clone(),
        bytes,
        hash,
    }))
}

/// Computes the hash of a file's bytes, whatever its source announces.
pub(crate) async fn fetched_hash(
    source: &mut Source,
    candidate: &Candidate,
) -> Result<Sha256, SourceError> {
    Ok(Sha256::of(&source.fetch(candidate).await?))
}

/// Returns the usable files of `version` with their ranks, and the reasons why the others are not.
fn usable_files<'a>(
    candidates: &'a [Candidate],
    version: &Version,
) -> (Vec<(u8, &'a Candidate)>, Vec<String>) {
    let mut usable = Vec::new();
    let mut reasons = Vec::new();
    for candidate in candidates
        .iter()
        .filter(|candidate| candidate.file.version == *version)
    {
        match rank(candidate) {
            Ok(rank) => usable.push((rank, candidate)),
            Err(reason) => reasons.push(format!("{} {reason}", candidate.file.text)),
        }
    }
    (usable, reasons)
}

fn rank(candidate: &Candidate) -> Result<u8, String> {
    let rank = candidate.file.rank()?;
    match requires_python(candidate.requires_python.as_deref().unwrap_or_default()) {
        Python27::Refused(reason) => Err(format!("is not for Python 2.7 ({reason})")),
        Python27::Stated | Python27::Unstated => Ok(rank),
    }
}

/// Returns the newest version that has a file which may be for Python 2.7, without pre-releases and yanked versions.
pub(crate) fn newest_for_python27(
    candidates: &[Candidate],
    admitted: impl Fn(&Version) -> bool,
) -> Option<Version> {
    candidates
        .iter()
        .filter(|candidate| rank(candidate).is_ok() && !candidate.yanked)
        .map(|candidate| &candidate.file.version)
        .filter(|version| !version.any_prerelease() && admitted(version))
        .max()
        .cloned()
}
