//! `codehook login` and `codehook logout`.

use super::api::Api;
use super::credentials::Credentials;
use super::{Failure, Target, read_secret};
use crate::cli::{LoginArgs, ServiceArgs};
use crate::exit::Exit;
use crate::project::Project;
use crate::terminal;

/// Asks the service whether the key is good, and keeps it.
pub(super) fn command(args: &LoginArgs) -> Result<Exit, Failure> {
    let logins = Credentials::read()?;
    let target = Target::find(&args.service, Project::find()?.as_ref(), &logins)?;
    let key = read_secret(args.key_file.as_deref(), "API key: ")?;
    let api = Api::new(target.clone(), key.clone(), &args.service.ca_cert)?;
    let own = api.current_key()?;
    if let Some(tenant) = own.tenant.filter(|own| *own != target.tenant) {
        return Err(Failure::Refused(format!(
            "this key is for the tenant {tenant}, not for {}: give --tenant {tenant}",
            target.tenant
        )));
    }
    let kept = logins.add(&target, key)?;
    let scopes: Vec<_> = own.scopes.iter().map(|scope| scope.as_str()).collect();
    terminal::note(&format!(
        "logged in to {} for {} ({}); the key is in {}",
        target.server,
        target.tenant,
        scopes.join(", "),
        kept.display()
    ));
    Ok(Exit::Succeeded)
}

/// Forgets the key.
pub(super) fn logout(args: &ServiceArgs) -> Result<Exit, Failure> {
    let logins = Credentials::read()?;
    let target = Target::find(args, Project::find()?.as_ref(), &logins)?;
    let said = match logins.remove(&target)? {
        true => "its key is forgotten here; the service knows it until it is deleted there",
        false => "no key was kept",
    };
    terminal::note(&format!("{} for {}: {said}", target.server, target.tenant));
    Ok(Exit::Succeeded)
}
