//! `codehook serve`: the service, with its keys, its socket and its signals. What it does with events is the server crate's.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use codehook_egress::{Egress, EgressConfig, PrivateNetworks};
use codehook_server::{Server, ServiceConfig};
use codehook_store::MasterKey;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{BackupArgs, ServeArgs};
use crate::confine::{Answers, Needs, Ports};
use crate::exit::Exit;
use crate::input;
use crate::interpreter;
use crate::say::{self, Format};

/// The most bytes in a file with a master key.
const MAX_KEY_BYTES: usize = 1024;

/// Runs the command.
///
/// # Errors
///
/// When the data, the address or this machine do not let the service work.
pub(crate) fn command(args: Box<ServeArgs>) -> anyhow::Result<Exit> {
    make_directory(&args.data)?;
    let master_key = master_key(&args)?;
    let certificates = match input::certificates(&args.ca_cert) {
        Ok(certificates) => certificates,
        Err(rejection) => bail!(rejection.message),
    };
    let egress = Egress::new(EgressConfig {
        ca_certificates: certificates,
        ..EgressConfig::default()
    })?;
    let listener = TcpListener::bind(args.listen).with_context(|| {
        format!(
            "{} cannot be listened on; name another with --listen",
            args.listen
        )
    })?;
    listener.set_nonblocking(true)?;
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let needs = Needs {
        // The name service's files are replaced now and then, and then they are others.
        readable: vec!["/etc".into()],
        writable: vec![args.data.clone()],
        ports: Ports::Any,
        answers: Answers::Clients,
    };
    let sandbox = interpreter::start_many(
        args.cache.directory.as_deref(),
        Format::Human,
        Some(needs),
        |config| {
            config.max_concurrent_runs = args.concurrent_runs;
            config.background_threads = Some(processors);
        },
    )?;
    let config = ServiceConfig {
        data: args.data.clone(),
        master_key,
        concurrent_runs: args.concurrent_runs as usize,
        retention: args.retention,
        grace: args.grace,
        private_networks: match args.allow_private {
            true => PrivateNetworks::Opened,
            false => PrivateNetworks::Refused,
        },
        connect_to: args.connect_to.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config, sandbox, egress, listener, &args.data))
}

/// Runs `codehook backup`.
///
/// # Errors
///
/// When there is no database, or the copy cannot be written.
pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<Exit> {
    codehook_store::backup(&args.data, &args.file)?;
    say::note(&format!(
        "{} holds the whole database; the master key is not in it",
        args.file.display()
    ));
    Ok(Exit::Succeeded)
}

async fn serve(
    config: ServiceConfig,
    sandbox: codehook_sandbox::Sandbox,
    egress: Egress,
    listener: TcpListener,
    data: &Path,
) -> anyhow::Result<Exit> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let server = Server::open(config, sandbox, egress).await?;
    if let Some(key) = server.operator_key() {
        let file = data.join("operator-key");
        write_secret(&file, key)?;
        say::note(&format!(
            "the operator's API key is in {}; it is not kept anywhere else",
            file.display()
        ));
    }
    let listener = tokio::net::TcpListener::from_std(listener)?;
    say::note(&format!("listening on http://{}", listener.local_addr()?));
    server
        .serve(listener, async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
            say::note("ending: no more requests; runs under way may end");
        })
        .await?;
    Ok(Exit::Succeeded)
}

fn make_directory(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the data directory {} cannot be made", path.display()))
}

/// The key that was given, or the one in the data directory, which is made where there is none.
fn master_key(args: &ServeArgs) -> anyhow::Result<MasterKey> {
    let own = args.data.join("master-key");
    let file = args.master_key_file.as_deref().unwrap_or(&own);
    if args.master_key_file.is_none() && !own.exists() {
        let key = MasterKey::generate()?;
        write_secret(&own, &key.to_hex())?;
        say::note(&format!(
            "the master key for secrets is in {}: keep a copy elsewhere",
            own.display()
        ));
        return Ok(key);
    }
    let content = match input::read_file(file, MAX_KEY_BYTES) {
        Ok(content) => String::from_utf8(content).unwrap_or_default(),
        Err(rejection) => bail!(rejection.message),
    };
    MasterKey::parse(&content).with_context(|| file.display().to_string())
}

/// A new file for its owner alone.
fn write_secret(path: &Path, content: &str) -> anyhow::Result<()> {
    let file = File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already: move it away", path.display())
        }
        other => other.with_context(|| path.display().to_string())?,
    };
    file.write_all(format!("{content}\n").as_bytes())?;
    file.sync_all()?;
    Ok(())
}
