//! Settings of `codehook serve`: from flags, the environment and a file, in this order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use codehook_egress::ConnectTo;
use serde::{Deserialize, Deserializer};

use crate::cli::ServeArgs;
use crate::input;
use crate::rejection::Rejection;

const MAX_FILE_BYTES: usize = 1024 * 1024;
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const CONCURRENT_RUNS: u32 = 256;
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);
const RETENTION_SIZE: ByteSize = ByteSize::gib(50);
const GRACE: Duration = Duration::from_secs(10);

/// What the file may say: the names of the flags, with underscores.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    master_key_file: Option<PathBuf>,
    concurrent_runs: Option<u32>,
    #[serde(deserialize_with = "time")]
    retention: Option<Duration>,
    retention_size: Option<ByteSize>,
    #[serde(deserialize_with = "time")]
    grace: Option<Duration>,
    allow_private: Option<bool>,
    #[serde(deserialize_with = "detours")]
    connect_to: Vec<ConnectTo>,
    ca_cert: Vec<PathBuf>,
    otlp_endpoint: Option<String>,
    packages_dir: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map(Some)
        .map_err(|error| serde::de::Error::custom(format!("{error}; write 30d or 10s")))
}

fn detours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ConnectTo>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parsed = texts
        .iter()
        .map(|text| text.parse().map_err(serde::de::Error::custom));
    parsed.collect()
}

/// What counts.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) concurrent_runs: u32,
    pub(crate) retention: Duration,
    pub(crate) retention_size: ByteSize,
    pub(crate) grace: Duration,
    pub(crate) allow_private: bool,
    pub(crate) connect_to: Vec<ConnectTo>,
    pub(crate) ca_cert: Vec<PathBuf>,
    pub(crate) otlp_endpoint: Option<String>,
    pub(crate) packages: Option<PathBuf>,
    pub(crate) cache: Option<PathBuf>,
}

impl Settings {
    /// Of the arguments, which hold what the environment says where nothing was typed, and the file that they name.
    /// Lists are those of the file and those of the arguments together.
    pub(crate) fn new(args: ServeArgs) -> Result<Self, Rejection> {
        let file = match &args.config {
            Some(path) => {
                let name = input::display_name(path);
                let text = input::read_file(path, MAX_FILE_BYTES)?;
                let text =
                    String::from_utf8(text).map_err(|error| Rejection::file(&name, error))?;
                toml::from_str(&text).map_err(|error| Rejection::file(&name, error))?
            }
            None => File::default(),
        };
        let concurrent_runs = args
            .concurrent_runs
            .or(file.concurrent_runs)
            .unwrap_or(CONCURRENT_RUNS);
        if !(1..=10_000).contains(&concurrent_runs) {
            return Err(Rejection::usage("concurrent_runs is 1 to 10000"));
        }
        Ok(Self {
            data: args.data.or(file.data_dir).ok_or_else(|| {
                Rejection::usage(
                    "it is not said where to keep everything: give --data-dir, CODEHOOK_DATA_DIR, or data_dir in the file of --config",
                )
            })?,
            listen: args.listen.or(file.listen).unwrap_or(LISTEN),
            master_key_file: args.master_key_file.or(file.master_key_file),
            concurrent_runs,
            retention: args.retention.or(file.retention).unwrap_or(RETENTION),
            retention_size: args.retention_size.or(file.retention_size).unwrap_or(RETENTION_SIZE),
            grace: args.grace.or(file.grace).unwrap_or(GRACE),
            allow_private: args.allow_private || file.allow_private.unwrap_or(false),
            connect_to: [file.connect_to, args.connect_to].concat(),
            ca_cert: [file.ca_cert, args.ca_cert].concat(),
            otlp_endpoint: args.otlp_endpoint.or(file.otlp_endpoint),
            packages: args.packages.directory.or(file.packages_dir),
            cache: args.cache.directory.or(file.cache_dir),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn settings(arguments: &[&str]) -> Result<Settings, Rejection> {
        let arguments = ["codehook", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(arguments).unwrap().command {
            Command::Serve(args) => Settings::new(*args),
            _ => unreachable!(),
        }
    }

    #[test]
    fn flags_count_before_the_file_and_the_file_before_what_is_usual() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("serve.toml");
        std::fs::write(
            &path,
            "data_dir = \"/data\"\nlisten = \"127.0.0.1:1\"\nretention = \"2d\"\nretention_size = \"3GiB\"\nca_cert = [\"a.pem\"]\n\
             connect_to = [\"a:1:b:2\"]\n",
        )
        .unwrap();
        let file = path.to_str().unwrap();
        let settings_ = settings(&[
            "--config",
            file,
            "--listen",
            "127.0.0.1:2",
            "--ca-cert",
            "b.pem",
        ])
        .unwrap();
        assert_eq!(settings_.data, PathBuf::from("/data"));
        assert_eq!(settings_.listen.port(), 2);
        assert_eq!(settings_.retention, Duration::from_secs(2 * 24 * 3600));
        assert_eq!(settings_.retention_size, ByteSize::gib(3));
        assert_eq!(settings_.grace, GRACE);
        assert_eq!(
            settings_.ca_cert,
            [PathBuf::from("a.pem"), PathBuf::from("b.pem")]
        );
        assert_eq!(settings_.connect_to.len(), 1);
    }

    #[test]
    fn a_setting_that_there_is_not_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("serve.toml");
        std::fs::write(&path, "data_dir = \"/data\"\nlissten = \"127.0.0.1:1\"\n").unwrap();
        let error = settings(&["--config", path.to_str().unwrap()]).unwrap_err();
        assert!(
            error.message.contains("lissten") && error.message.contains("line 2"),
            "{error}"
        );
        let error = settings(&[]).unwrap_err();
        assert!(error.message.contains("--data-dir"), "{error}");
    }
}
