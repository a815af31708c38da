//! `codehook secrets`.

use codehook_api_types::{SecretValue, SecretView};

use super::api::Call;
use super::{Failure, connect, print_json, read_secret, segment};
use crate::cli::{SecretsArgs, SecretsCommand};
use crate::exit::Exit;
use crate::terminal;

pub(super) fn command(args: &SecretsArgs) -> Result<Exit, Failure> {
    let api = connect(&args.service)?;
    match &args.command {
        SecretsCommand::Set(set) => {
            let value = read_secret(set.from_file.as_deref(), &format!("{}: ", set.name))?;
            let body = SecretValue {
                value: value.into(),
            };
            api.text(
                "PUT",
                &format!("/secrets/{}", segment(&set.name)),
                Call::with(&body),
            )?;
            terminal::note(&format!("{} is set for {}", set.name, api.target.tenant));
        }
        SecretsCommand::List(list) => {
            let secrets: Vec<SecretView> = api.get("/secrets")?;
            if list.json {
                print_json(&secrets)?;
            } else {
                for secret in secrets {
                    let line = format!("{}\tset {}\n", secret.name, secret.updated_at);
                    terminal::stdout(line.as_bytes());
                }
            }
        }
        SecretsCommand::Delete(one) => {
            api.text(
                "DELETE",
                &format!("/secrets/{}", segment(&one.name)),
                Call::default(),
            )?;
            terminal::note(&format!("{} is deleted", one.name));
        }
    }
    Ok(Exit::Succeeded)
}
