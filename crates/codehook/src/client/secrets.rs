//! `codehook secrets`.

use serde_json::json;

use super::api::Call;
use super::{Failure, connect, read_secret, segment};
use crate::cli::{SecretsArgs, SecretsCommand};
use crate::exit::Exit;
use crate::say;

pub(super) fn command(args: &SecretsArgs) -> Result<Exit, Failure> {
    let api = connect(&args.service)?;
    match &args.command {
        SecretsCommand::Set(set) => {
            let value = read_secret(set.from_file.as_deref(), &format!("{}: ", set.name))?;
            let body = json!({"value": value});
            api.call(
                "PUT",
                &format!("/secrets/{}", segment(&set.name)),
                Call::with(&body),
            )?;
            say::note(&format!("{} is set for {}", set.name, api.target.tenant));
        }
        SecretsCommand::List(list) => {
            let secrets = api.call("GET", "/secrets", Call::default())?;
            if list.json {
                say::stdout(format!("{secrets}\n").as_bytes());
            } else {
                for secret in secrets.as_array().into_iter().flatten() {
                    let text = |name: &str| secret[name].as_str().unwrap_or_default();
                    let line = format!("{}\tset {}\n", text("name"), text("updated_at"));
                    say::stdout(line.as_bytes());
                }
            }
        }
        SecretsCommand::Delete(one) => {
            api.call(
                "DELETE",
                &format!("/secrets/{}", segment(&one.name)),
                Call::default(),
            )?;
            say::note(&format!("{} is deleted", one.name));
        }
    }
    Ok(Exit::Succeeded)
}
