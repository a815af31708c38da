//! The folder or the index that the arguments, the environment or pip name.

use codehook_egress::{Egress, EgressConfig};
use codehook_packages::{Index, Source, index_of_pip};

use crate::cli::SourceArgs;
use crate::input;
use crate::rejection::Rejection;

/// A client that trusts what the arguments say.
pub(super) fn egress(args: &SourceArgs) -> Result<Egress, Rejection> {
    let config = EgressConfig {
        ca_certificates: input::certificates(&args.ca_cert)?,
        ..EgressConfig::default()
    };
    Egress::new(config).map_err(Rejection::usage)
}

/// What `--from` or `--index` names.
pub(super) fn named(args: &SourceArgs, egress: &Egress) -> Result<Option<Source>, Rejection> {
    if let Some(folder) = &args.from {
        return Ok(Some(Source::Folder(folder.clone())));
    }
    let index = args.index.as_deref().map(|url| index(url, egress));
    index.transpose()
}

/// The index that pip uses.
pub(super) fn of_pip(egress: &Egress) -> Result<Source, Rejection> {
    let url = index_of_pip().map_err(Rejection::usage)?;
    index(&url, egress)
}

fn index(url: &str, egress: &Egress) -> Result<Source, Rejection> {
    let index = Index::new(url, egress).map_err(Rejection::usage)?;
    Ok(Source::Index(Box::new(index)))
}
