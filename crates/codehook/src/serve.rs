//! `codehook serve`: the service, with its keys, its socket and its signals. What it does with events is the server
//! crate's.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use codehook_egress::{Egress, EgressConfig, PrivateNetworks};
use codehook_runner::{Network, PackageLibraries, Runner};
use codehook_server::{Server, ServiceConfig};
use codehook_store::MasterKey;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::cli::{BackupArgs, RotateArgs, ServeArgs};
use crate::exit::Exit;
use crate::hardening::{Inbound, Permissions, Ports};
use crate::input;
use crate::interpreter;
use crate::packages;
use crate::settings::Settings;
use crate::terminal::{self, Format};

/// The environment variable with a master key.
const KEY_VARIABLE: &str = "CODEHOOK_MASTER_KEY";
/// The master key's file in the data directory.
const KEY_FILE: &str = "master-key";
/// A new one's, while it takes the old one's place.
const NEW_KEY_FILE: &str = "master-key.new";
/// The most bytes in a file with a master key.
const MAX_KEY_BYTES: usize = 1024;

/// Runs the command.
///
/// # Errors
///
/// When the data, the address or this machine do not let the service work.
pub(crate) fn command(args: Box<ServeArgs>) -> anyhow::Result<Exit> {
    let prepared = Settings::new(*args)
        .and_then(|settings| Ok((input::certificates(&settings.ca_cert)?, settings)));
    let (certificates, settings) = match prepared {
        Ok(prepared) => prepared,
        Err(rejection) => {
            terminal::note(&rejection.message);
            return Ok(Exit::Rejected);
        }
    };
    make_directory(&settings.data)?;
    let master_key = master_key(&settings)?;
    let egress = Egress::new(EgressConfig {
        ca_certificates: certificates,
        ..EgressConfig::default()
    })?;
    let listener = TcpListener::bind(settings.listen).with_context(|| {
        format!(
            "{} cannot be listened on; name another with --listen",
            settings.listen
        )
    })?;
    listener.set_nonblocking(true)?;
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let packages = packages::service_directory(settings.packages.as_deref())?;
    let permissions = Permissions {
        // The name service's files are replaced now and then, and then they are others.
        readable: std::iter::once("/etc".into())
            .chain(packages.clone())
            .collect(),
        writable: vec![settings.data.clone()],
        ports: Ports::Any,
        inbound: Inbound::OpenSockets,
    };
    let sandbox = interpreter::start_many(
        settings.cache.as_deref(),
        Format::Human,
        Some(permissions),
        |config| {
            config.max_concurrent_runs = settings.concurrent_runs;
            config.low_priority_threads = Some(processors);
        },
    )?;
    let config = ServiceConfig {
        data: settings.data.clone(),
        master_key,
        concurrent_runs: settings.concurrent_runs as usize,
        retention: settings.retention,
        retention_bytes: settings.retention_size.as_u64(),
        grace: settings.grace,
        otlp_endpoint: settings.otlp_endpoint.clone(),
    };
    let network = Network {
        private_networks: match settings.allow_private {
            true => PrivateNetworks::Opened,
            false => PrivateNetworks::Refused,
        },
        connect_to: settings.connect_to.clone(),
        ..Network::default()
    };
    let runner = Runner::new(sandbox, egress, network, PackageLibraries::new(packages));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config, runner, listener, &settings.data))
}

/// Runs `codehook backup`.
///
/// # Errors
///
/// When there is no database, or the copy cannot be written.
pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<Exit> {
    codehook_store::backup(&args.data, &args.file)?;
    terminal::note(&format!(
        "{} holds the whole database; the master key is not in it",
        args.file.display()
    ));
    Ok(Exit::Succeeded)
}

async fn serve(
    config: ServiceConfig,
    runner: Runner,
    listener: TcpListener,
    data: &Path,
) -> anyhow::Result<Exit> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let server = Server::open(config, runner).await?;
    if let Some(key) = server.operator_key() {
        let file = data.join("operator-key");
        write_secret(&file, key)?;
        terminal::note(&format!(
            "the operator's API key is in {}; it is not kept anywhere else",
            file.display()
        ));
    }
    let listener = tokio::net::TcpListener::from_std(listener)?;
    terminal::note(&format!("listening on http://{}", listener.local_addr()?));
    server
        .serve(listener, async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
            terminal::note("ending: no more requests; runs under way may end");
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
fn master_key(settings: &Settings) -> anyhow::Result<MasterKey> {
    if let Some(digits) = std::env::var_os(KEY_VARIABLE).filter(|digits| !digits.is_empty()) {
        let digits = Zeroizing::new(digits.into_string().unwrap_or_default());
        return MasterKey::parse(&digits).context(KEY_VARIABLE);
    }
    let own = settings.data.join(KEY_FILE);
    let file = settings.master_key_file.as_deref().unwrap_or(&own);
    if settings.master_key_file.is_none() && !own.exists() {
        let key = MasterKey::generate()?;
        write_secret(&own, &key.to_hex())?;
        terminal::note(&format!(
            "the master key for secrets is in {}: keep a copy elsewhere",
            own.display()
        ));
        return Ok(key);
    }
    read_key(file)
}

fn read_key(file: &Path) -> anyhow::Result<MasterKey> {
    let content = match input::read_file(file, MAX_KEY_BYTES) {
        Ok(content) => Zeroizing::new(String::from_utf8(content).unwrap_or_default()),
        Err(rejection) => bail!(rejection.message),
    };
    MasterKey::parse(&content).with_context(|| file.display().to_string())
}

/// Runs `codehook rotate-master-key`.
///
/// # Errors
///
/// When a key cannot be read, a service uses the data, or the old key is not the one that secrets are sealed with.
pub(crate) fn rotate(args: &RotateArgs) -> anyhow::Result<Exit> {
    let own = args.data.join(KEY_FILE);
    let old = read_key(args.master_key_file.as_deref().unwrap_or(&own))?;
    // A key that was made stays beside the old one until everything is sealed with it; after a crash one of the two
    // is the key.
    let made = args.data.join(NEW_KEY_FILE);
    let new = match &args.new_master_key_file {
        Some(file) => read_key(file)?,
        None => {
            let key = MasterKey::generate()?;
            write_secret(&made, &key.to_hex())?;
            key
        }
    };
    let sealed = codehook_store::rotate(&args.data, &old, &new);
    if sealed.is_err() && args.new_master_key_file.is_none() {
        std::fs::remove_file(&made)?;
    }
    let sealed = sealed?;
    let place = match &args.new_master_key_file {
        Some(file) => file.clone(),
        None => {
            let place = args.master_key_file.clone().unwrap_or(own);
            std::fs::rename(&made, &place)?;
            place
        }
    };
    terminal::note(&format!(
        "{sealed} secrets are sealed with the key in {}; older backups need the older key",
        place.display()
    ));
    Ok(Exit::Succeeded)
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
