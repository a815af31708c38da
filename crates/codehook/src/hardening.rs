//! What this process gives up before it starts a script, so that a way out of the sandbox would lead into a room with
//! nothing in it.
//!
//! Two layers of the Linux kernel, besides the sandbox: Landlock (files, TCP ports, signals; kernel documentation,
//! `userspace-api/landlock.rst`) and seccomp (system calls; `seccomp(2)`). Both hold for the calling thread and for
//! threads that it starts later: call this before there are others. A kernel without them is no error;
//! [`Confinement`] says what is in force.

mod system_calls;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// The newest rules asked for (Linux 6.12); an older kernel enforces those that it knows.
const RULES: ABI = ABI::V6;
/// Where the name service reads its configuration, which a request may need. Not the whole of `/etc`.
const NAME_SERVICE: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
];
/// Its modules, loaded at the first look-up, and what Rust's standard library and the memory pool read of this process.
const DIRECTORIES: &[&str] = &["/lib", "/lib64", "/usr/lib", "/proc/self", "/sys/fs/cgroup"];
/// Where the platform keeps the certificates that it trusts, and what links there lead to. Not `/etc/ssl` itself,
/// where private keys may be.
const CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/var/lib/ca-certificates",
];
/// Environment variables that name other ones.
const CERTIFICATE_VARIABLES: &[&str] = &["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// DNS over TCP, for responses that no datagram holds (RFC 7766).
const DNS_PORT: u16 = 53;

/// What this process may still do.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    /// Directories in which it reads files.
    pub(crate) readable: Vec<PathBuf>,
    /// Directories in which it makes, changes and removes files.
    pub(crate) writable: Vec<PathBuf>,
    /// TCP ports that it connects to, the name service's aside.
    pub(crate) ports: Ports,
    /// Whether it accepts connections on sockets that are open already.
    pub(crate) inbound: Inbound,
}

/// TCP ports that are connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ports {
    /// These alone.
    These(BTreeSet<u16>),
    /// Whichever the policies of hooks name that are not known yet.
    Any,
}

impl Default for Ports {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

/// Whether connections are accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// None are.
    #[default]
    None,
    /// On sockets that are open already.
    OpenSockets,
}

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confinement {
    landlock: Layer,
    seccomp: Layer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Enforced,
    /// The kernel knows some of the rules.
    PartlyEnforced,
    NotEnforced,
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Landlock {}, seccomp {}", self.landlock, self.seccomp)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforced => "in force",
            Self::PartlyEnforced => "in force in part (an older kernel)",
            Self::NotEnforced => "not in force (this kernel has none, or refuses it)",
        })
    }
}

/// Gives up everything but `permissions`, for good.
pub(crate) fn confine(permissions: &Permissions) -> Confinement {
    let landlock = files_and_ports(permissions).unwrap_or_else(|error| {
        tracing::warn!(%error, "Landlock refused the rules");
        Layer::NotEnforced
    });
    let seccomp = match system_calls::give_up(permissions.inbound) {
        Ok(()) => Layer::Enforced,
        Err(error) => {
            tracing::warn!(%error, "seccomp refused the filter");
            Layer::NotEnforced
        }
    };
    let confinement = Confinement { landlock, seccomp };
    tracing::info!(%confinement, "confined");
    confinement
}

/// No core dump of this process is written from here on, as it would hold secrets. The call is best made after the
/// memory pool is there: without rights, a process that cannot be dumped cannot open its own page map.
pub(crate) fn never_dump() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A limit does not stop a dump that goes to a program; not being dumpable does (core(5)).
    let limit = setrlimit(Resource::Core, none);
    let dumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limit.and(dumpable) {
        tracing::warn!(%error, "core dumps stay possible");
    }
}

/// What would be in force, tried in a thread that ends at once.
pub(crate) fn available() -> Confinement {
    let tried = thread::spawn(|| confine(&Permissions::default())).join();
    tried.unwrap_or(Confinement {
        landlock: Layer::NotEnforced,
        seccomp: Layer::NotEnforced,
    })
}

fn files_and_ports(permissions: &Permissions) -> Result<Layer, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write: BitFlags<AccessFs> =
        AccessFs::from_all(RULES) & !AccessFs::Execute & !AccessFs::IoctlDev;
    let (network, ports) = match &permissions.ports {
        Ports::These(ports) => (
            AccessNet::from_all(RULES),
            ports.iter().copied().chain([DNS_PORT]).collect(),
        ),
        Ports::Any => (AccessNet::BindTcp.into(), Vec::new()),
    };
    let ports = ports.into_iter();
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(RULES))?
        .handle_access(network)?
        .scope(Scope::from_all(RULES))?
        .create()?
        .add_rules(path_beneath_rules(name_service(), AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(certificates(), read))?
        .add_rules(path_beneath_rules(DIRECTORIES, read))?
        .add_rules(path_beneath_rules(&permissions.readable, read))?
        .add_rules(path_beneath_rules(&permissions.writable, write))?
        .add_rules(
            ports.map(|port| Ok::<_, RulesetError>(NetPort::new(port, AccessNet::ConnectTcp))),
        )?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Layer::Enforced,
        RulesetStatus::PartiallyEnforced => Layer::PartlyEnforced,
        RulesetStatus::NotEnforced => Layer::NotEnforced,
    })
}

/// The files themselves, also where one is a link to another place.
fn name_service() -> Vec<PathBuf> {
    let real = |path: &&str| Path::new(path).canonicalize().ok();
    NAME_SERVICE.iter().filter_map(real).collect()
}

/// Directories and files, which are read at the first request that needs them.
fn certificates() -> Vec<PathBuf> {
    let named = CERTIFICATE_VARIABLES.iter().filter_map(std::env::var_os);
    let named: Vec<PathBuf> = named
        .flat_map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>())
        .collect();
    let usual = CERTIFICATES.iter().map(PathBuf::from);
    let real = |path: PathBuf| path.canonicalize().ok();
    usual.chain(named).filter_map(real).collect()
}

#[cfg(test)]
mod tests;
