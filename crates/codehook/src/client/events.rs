//! `codehook events`.

use std::path::Path;

use codehook_api_types::EventReceipt;
use codehook_template::MAX_EVENT_BYTES;
use serde_json::Value;

use super::api::Call;
use super::{Failure, connect, runs};
use crate::cli::{EventsArgs, EventsCommand, SendArgs};
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(super) fn command(args: &EventsArgs) -> Result<Exit, Failure> {
    let EventsCommand::Send(send) = &args.command;
    let api = connect(&args.service)?;
    let event: Value = serde_json::from_slice(&read(send)?)
        .map_err(|error| Failure::file(&send.event, format!("no JSON: {error}")))?;
    let mut call = Call::with(&event);
    if let Some(key) = &send.idempotency_key {
        call = call.header("idempotency-key", key.clone());
    }
    let receipt: EventReceipt = api.call("POST", "/events", call)?;
    terminal::stdout(format!("event\t{}\n", receipt.id).as_bytes());
    for run in &receipt.runs {
        terminal::stdout(format!("run\t{run}\n").as_bytes());
    }
    match (receipt.duplicate, receipt.runs.is_empty()) {
        (true, _) => terminal::note("it had been sent before: nothing was started"),
        (_, true) => terminal::note("no hook listens to such an event: nothing was started"),
        _ => {}
    }
    if !send.wait {
        return Ok(Exit::Succeeded);
    }
    let mut exit = Exit::Succeeded;
    for run in &receipt.runs {
        if runs::follow(&api, run)? != Exit::Succeeded {
            exit = Exit::ScriptFailed;
        }
    }
    Ok(exit)
}

fn read(send: &SendArgs) -> Result<Vec<u8>, Failure> {
    Ok(match send.event == Path::new(input::STANDARD_INPUT) {
        true => input::read_standard_input(MAX_EVENT_BYTES)?,
        false => input::read_file(&send.event, MAX_EVENT_BYTES)?,
    })
}
