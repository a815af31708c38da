//! Wheels (PEP 427).

use super::{Parts, lines};
use crate::archive::Files;
use crate::file_name::FileName;
use crate::metadata::Metadata;
use crate::refusal::{Optional, Refusal};

pub(super) fn parts(file: &FileName, files: Files) -> Result<Parts, Refusal> {
    let malformed = |reason: &str| Refusal::Malformed {
        file: file.text.clone(),
        reason: reason.to_owned(),
    };
    let records_directory = files
        .keys()
        .filter_map(|path| path.split_once('/'))
        .find(|(top, name)| top.ends_with(".dist-info") && *name == "WHEEL")
        .map(|(top, _)| top.to_owned())
        .ok_or_else(|| malformed("it has no .dist-info/WHEEL"))?;
    let (records, files): (Files, Files) = files
        .into_iter()
        .partition(|(path, _)| path.split('/').next() == Some(&records_directory));
    let records: Files = records
        .into_iter()
        .map(|(path, content)| (path[records_directory.len() + 1..].to_owned(), content))
        .collect();
    let wheel = Metadata::parse(&records["WHEEL"]);
    if wheel
        .first("Root-Is-Purelib")
        .is_none_or(|pure| !pure.eq_ignore_ascii_case("true"))
    {
        return Err(Refusal::Extension {
            file: file.text.clone(),
            evidence: "Root-Is-Purelib is not true".to_owned(),
            optional: Optional::No,
        });
    }
    let metadata = records
        .get("METADATA")
        .map(|text| Metadata::parse(text))
        .ok_or_else(|| malformed("it has no .dist-info/METADATA"))?;
    Ok(Parts {
        files: installed(files, file)?,
        namespaces: lines(records.get("namespace_packages.txt")),
        requires: metadata.all("Requires-Dist").map(str::to_owned).collect(),
        metadata,
        records_directory,
        records,
    })
}

/// Moves the modules of `NAME.data` to the others, as an installer does; drops scripts and headers.
fn installed(files: Files, file: &FileName) -> Result<Files, Refusal> {
    let mut placed = Files::new();
    for (path, content) in files {
        let target = match path.split_once('/') {
            Some((top, rest)) if top.ends_with(".data") => match rest.split_once('/') {
                Some(("purelib" | "platlib", rest)) => rest.to_owned(),
                _ => continue,
            },
            _ => path,
        };
        if placed.insert(target.clone(), content).is_some() {
            return Err(Refusal::Malformed {
                file: file.text.clone(),
                reason: format!("it would install `{target}` twice"),
            });
        }
    }
    Ok(placed)
}
