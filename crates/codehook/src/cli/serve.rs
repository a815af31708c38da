//! Arguments of `codehook serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use codehook_egress::ConnectTo;

use super::CacheArgs;
use super::packages::StoreArgs;

/// Shown below the options.
pub(crate) const EXAMPLES: &str = "\
At its first start it makes two files in the data directory, mode 0600:
    master-key     seals the tenants' secrets: keep a copy elsewhere, since
                   without it they cannot be opened
    operator-key   the API key that makes tenants and their keys: take it out
                   once you have it

Examples:
    codehook serve --data-dir /var/lib/codehook
    curl -H \"Authorization: Bearer $(cat /var/lib/codehook/operator-key)\" \\
      http://127.0.0.1:8080/v1/tenants -d '{\"id\": \"acme\"}'
    curl http://127.0.0.1:8080/openapi.json

/docs there explains every request. The key for secrets can be replaced with
`codehook rotate-master-key` while the service is down.

It speaks plain HTTP: put a reverse proxy with TLS before it. SIGTERM and
Ctrl-C end it in order.";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// A TOML file with settings, named as the flags are, with underscores: data_dir = "/var/lib/codehook".
    ///
    /// Flags count before the environment, the environment before the file, the file before what is usual.
    #[arg(long, value_name = "FILE", env = "CODEHOOK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Where it keeps tenants, hooks, events and runs. Made when it is not there.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where it listens [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT", env = "CODEHOOK_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// The key that seals secrets, 64 hexadecimal digits [default: master-key in the data directory].
    ///
    /// CODEHOOK_MASTER_KEY, with the digits themselves, counts before it.
    #[arg(long, value_name = "FILE", env = "CODEHOOK_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Runs under way at the same time, of all tenants [default: 256]. Runs that wait for HTTP take memory and no processor.
    #[arg(long, value_name = "COUNT", env = "CODEHOOK_CONCURRENT_RUNS")]
    pub(crate) concurrent_runs: Option<u32>,
    /// How long events and their runs are kept: 30d, 12h [default: 30d].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "CODEHOOK_RETENTION")]
    pub(crate) retention: Option<Duration>,
    /// How much is kept of events and their runs, of all tenants; the oldest go first [default: 50GiB].
    #[arg(long, value_name = "SIZE", env = "CODEHOOK_RETENTION_SIZE")]
    pub(crate) retention_size: Option<ByteSize>,
    /// How long runs may go on once it is to end; those that take longer are given back and run at the next start [default: 10s].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "CODEHOOK_GRACE")]
    pub(crate) grace: Option<Duration>,
    /// Send traces to this OpenTelemetry collector, by OTLP over HTTP, such as http://127.0.0.1:4318.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Let hooks reach private, loopback and link-local addresses of hosts that they are allowed.
    #[arg(long, help_heading = "Network")]
    pub(crate) allow_private: bool,
    /// For requests of hooks to HOST1:PORT1 connect to HOST2:PORT2, as in curl. May be repeated.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", help_heading = "Network")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Trust the certificates in this PEM file, besides the system's. May be repeated.
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
    /// The copy, which must not be there yet.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The service's data directory. No service may run on it meanwhile.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: PathBuf,
    /// The key so far [default: master-key in the data directory].
    #[arg(long, value_name = "FILE", env = "CODEHOOK_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// The new key [default: made, and put in the place of master-key in the data directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) new_master_key_file: Option<PathBuf>,
}
