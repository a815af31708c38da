//! The arguments of `codehook packages`, and of choosing the tenant whose packages a run sees.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use codehook_packages::{Extensions, OtherVersion, PackageName, Sha256, Tenant, Tenants, Wanted};

use super::CacheArgs;
use super::output::OutputArgs;

const LIST_EXAMPLES: &str = "\
Examples:
    codehook packages list
    codehook packages list --tenant acme
    codehook packages list --json | jq -r '.packages[] | .name + \" \" + .version'";

const ADD_EXAMPLES: &str = "\
The package is a wheel or a source archive without C code. None of its code is
run: its modules are compiled inside the sandbox. The file's SHA-256 goes into the
lock file; the same version with other content is refused.

Examples:
  From a folder, for the hooks of this machine (tenant `default`):
    codehook packages add PyYAML==5.4.1 --from wheels/ --without-extension

  From an index, only the file with this hash, for two tenants:
    codehook packages add netaddr==0.7.19 --index https://HOST/simple/ \\
      --hash sha256:... --tenant acme --tenant globex

Exit codes:
    0  the package is installed
    2  bad usage, or the package was refused; the message says why
    3  the store cannot be used, or the engine cannot work on this machine";

const VERIFY_EXAMPLES: &str = "\
Examples:
  The store against its lock file:
    codehook packages verify

  The store against its lock file, and the lock file against an index:
    codehook packages verify --index https://HOST/simple/

Exit codes:
    0  everything matches the lock file
    1  something differs; the message names it
    2  bad usage, or the folder or index cannot be read
    3  the store cannot be used";

#[derive(Debug, Args)]
pub(crate) struct PackagesArgs {
    #[command(subcommand)]
    pub(crate) command: PackagesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackagesCommand {
    /// List the packages that hooks can import, built-in and added.
    #[command(after_long_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Add a package for the hooks of chosen tenants.
    #[command(after_long_help = ADD_EXAMPLES)]
    Add(Box<AddArgs>),
    /// Remove a package, for all tenants or for some.
    Remove(RemoveArgs),
    /// Check that no package has changed since it was added.
    #[command(after_long_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// The directory for added packages [default: $CODEHOOK_PACKAGES_DIR, $XDG_DATA_HOME/codehook/packages or
    /// ~/.local/share/codehook/packages].
    #[arg(id = "packages_dir", long = "packages-dir", value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

/// The tenant of a hook.
#[derive(Debug, Args)]
pub(crate) struct TenantArgs {
    /// The tenant of the hook. The hook can import the packages that were added for this tenant, and no others.
    #[arg(long, value_name = "NAME", default_value = Tenant::DEFAULT)]
    pub(crate) tenant: Tenant,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List only packages that hooks of this tenant can import.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<Tenant>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// The origin of package files.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Take the package from this folder of wheels and source archives.
    #[arg(long, value_name = "FOLDER", conflicts_with = "index")]
    pub(crate) from: Option<PathBuf>,
    /// Take the package from the index with this URL (the simple interface, PEP 503 or PEP 691).
    #[arg(long, value_name = "URL")]
    pub(crate) index: Option<String>,
    /// Trust the certificates in this PEM file, in addition to the system's, for the index. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The package and its version, as in PyYAML==5.4.1.
    #[arg(value_name = "NAME==VERSION")]
    pub(crate) wanted: Wanted,
    /// The default without --from and --index is pip's own index: PIP_INDEX_URL, or pip's configuration.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The expected hash of the file, as in sha256:0123...
    #[arg(long, value_name = "SHA256")]
    pub(crate) hash: Option<Sha256>,
    /// A tenant whose hooks can import the package [default: default]. May be repeated.
    #[arg(long, value_name = "NAME", conflicts_with = "all_tenants")]
    pub(crate) tenant: Vec<Tenant>,
    /// Let hooks of every tenant import the package.
    #[arg(long)]
    pub(crate) all_tenants: bool,
    /// Leave out C code, for packages in which it is optional. Test that the rest works.
    #[arg(long)]
    without_extension: bool,
    /// Replace another version of the package, for its tenants and those given.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl AddArgs {
    pub(crate) fn tenants(&self) -> Tenants {
        match (self.all_tenants, self.tenant.is_empty()) {
            (true, _) => Tenants::All,
            (false, true) => Tenants::only(Tenant::default()),
            (false, false) => Tenants::Only(self.tenant.iter().cloned().collect()),
        }
    }

    pub(crate) fn extensions(&self) -> Extensions {
        if self.without_extension {
            Extensions::LeaveOut
        } else {
            Extensions::Refuse
        }
    }

    pub(crate) fn other_version(&self) -> OtherVersion {
        if self.replace {
            OtherVersion::Replace
        } else {
            OtherVersion::Refuse
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The package.
    pub(crate) name: PackageName,
    /// Remove the package for this tenant only. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Vec<Tenant>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Compare with the files of a folder or an index as well.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
