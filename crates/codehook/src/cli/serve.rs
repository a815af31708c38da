//! Arguments of `codehook serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use codehook_egress::ConnectTo;

use super::CacheArgs;

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

It speaks plain HTTP: put a reverse proxy with TLS before it. SIGTERM and
Ctrl-C end it in order.";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where it keeps tenants, hooks, events and runs. Made when it is not there.
    #[arg(long = "data-dir", value_name = "DIR", env = "CODEHOOK_DATA_DIR")]
    pub(crate) data: PathBuf,
    /// Where it listens.
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080",
        env = "CODEHOOK_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// The key that seals secrets, 64 hexadecimal digits [default: master-key in the data directory].
    #[arg(long, value_name = "FILE", env = "CODEHOOK_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Runs under way at the same time, of all tenants. Runs that wait for HTTP take memory and no processor.
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000), env = "CODEHOOK_CONCURRENT_RUNS")]
    pub(crate) concurrent_runs: u32,
    /// How long events and their runs are kept: 30d, 12h.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = humantime::parse_duration, env = "CODEHOOK_RETENTION")]
    pub(crate) retention: Duration,
    /// How long runs may go on once it is to end; those that take longer are given back and run at the next start.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, env = "CODEHOOK_GRACE")]
    pub(crate) grace: Duration,
    /// Let hooks reach private, loopback and link-local addresses of hosts that they are allowed.
    #[arg(long, help_heading = "Network")]
    pub(crate) allow_private: bool,
    /// For requests of hooks to HOST1:PORT1 connect to HOST2:PORT2, as in curl. May be repeated.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", help_heading = "Network")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Trust the certificates in this PEM file, besides the system's. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) ca_cert: Vec<PathBuf>,
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
