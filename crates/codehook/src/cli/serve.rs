//! Arguments of `codehook serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use codehook_egress::ConnectTo;

use super::CacheArgs;
use super::packages::StoreArgs;

/// The text below the options.
pub(crate) const EXAMPLES: &str = "\
The first start creates two files in the data directory, mode 0600:
    master-key     encrypts the tenants' secrets: keep a copy elsewhere, since
                   they cannot be decrypted without it
    operator-key   the API key that creates tenants and their keys: delete the
                   file once you have stored the key elsewhere

Examples:
    codehook serve --data-dir /var/lib/codehook
    curl -H \"Authorization: Bearer $(cat /var/lib/codehook/operator-key)\" \\
      http://127.0.0.1:8080/v1/tenants -d '{\"id\": \"acme\"}'
    curl http://127.0.0.1:8080/openapi.json

/docs on the service explains every request. `codehook rotate-master-key`
replaces the master key while the service is stopped.

The service speaks plain HTTP: put a reverse proxy with TLS in front of it.
SIGTERM and Ctrl-C shut it down gracefully.";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// A TOML file with settings. They have the flags' names with underscores: data_dir = "/var/lib/codehook".
    ///
    /// Flags override environment variables, which override the file, which overrides the defaults.
    #[arg(long, value_name = "FILE", env = "CODEHOOK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The data directory, with tenants, hooks, events and runs. It is created if it does not exist.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT", env = "CODEHOOK_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// The file with the master key, which encrypts secrets: 64 hexadecimal digits [default: master-key in the data
    /// directory].
    ///
    /// CODEHOOK_MASTER_KEY, which holds the digits themselves, overrides it.
    #[arg(long, value_name = "FILE", env = "CODEHOOK_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Maximum number of concurrent runs of all tenants [default: 256]. Runs that wait for HTTP use memory but no
    /// processor.
    #[arg(long, value_name = "COUNT", env = "CODEHOOK_CONCURRENT_RUNS")]
    pub(crate) concurrent_runs: Option<u32>,
    /// Retention time of events and their runs: 30d, 12h [default: 30d].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "CODEHOOK_RETENTION")]
    pub(crate) retention: Option<Duration>,
    /// Retention size of events and their runs, of all tenants; the oldest are deleted first [default: 50GiB].
    #[arg(long, value_name = "SIZE", env = "CODEHOOK_RETENTION_SIZE")]
    pub(crate) retention_size: Option<ByteSize>,
    /// Grace period for runs at shutdown; those that take longer are interrupted and run again at the next start
    /// [default: 10s].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "CODEHOOK_GRACE")]
    pub(crate) grace: Option<Duration>,
    /// Send traces to this OpenTelemetry collector with OTLP over HTTP, such as http://127.0.0.1:4318.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Let hooks reach private, loopback and link-local addresses of their allowed hosts.
    #[arg(long, help_heading = "Network")]
    pub(crate) allow_private: bool,
    /// Connect to HOST2:PORT2 for requests of hooks to HOST1:PORT1, as in curl. May be repeated.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", help_heading = "Network")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Trust the certificates in this PEM file, in addition to the system's. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) ca_cert: Vec<PathBuf>,
    #[command(flatten, next_help_heading = "Packages")]
    pub(crate) packages: StoreArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The service's data directory.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: PathBuf,
    /// The file for the copy. It must not exist yet.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The service's data directory. No service may be running on it.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: PathBuf,
    /// The file with the current master key [default: master-key in the data directory].
    #[arg(long, value_name = "FILE", env = "CODEHOOK_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// The file with the new master key [default: a new key is generated and replaces master-key in the data
    /// directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) new_master_key_file: Option<PathBuf>,
}
