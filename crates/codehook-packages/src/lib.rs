//! Python packages that an operator adds to the built-in ones, for the hooks of chosen tenants.
//!
//! This crate owns the store on disk, its lock file, and the installation of packages: from an index or a folder, from
//! a wheel or a source archive, with modules that the interpreter compiles inside the sandbox. [`Packages::library`] is
//! mounted for a run.
//!
//! No code of a package is run while it is installed: no `setup.py`, no `.pth` file. Packages with C code, for another
//! Python, or with the name of an existing module are refused, and so are malformed archives; every refusal gives the
//! reason.

mod archive;
mod built_in;
mod choose;
mod compile;
mod distribution;
mod file_name;
mod hash;
mod installer;
mod lock_file;
mod metadata;
mod modules;
mod name;
mod pack;
mod refusal;
mod requirement;
mod source;
mod store;
mod verify;

pub use archive::ArchiveError;
pub use built_in::{BuiltIn, BuiltInPackage, ManifestError, PackageKind};
pub use compile::{CompileError, Compiled, compile_modules};
pub use distribution::Extensions;
pub use hash::{HashError, Sha256};
pub use installer::{AddError, Added, Addition, Missing, Novelty, OtherVersion, PackageInstaller};
pub use lock_file::LockedPackage;
pub use name::{NameError, PackageName, Tenant, Tenants, Wanted};
pub use pack::tar;
pub use refusal::{Optional, Refusal};
pub use source::{Index, IndexError, PipError, Source, SourceError, index_of_pip};
pub use store::{Packages, Removed, Store, StoreError, StoreVersion};
pub use verify::verify_file;

/// The directory of tenant packages in a run, the last in `sys.path`. `_codehook_boot.py` has the other copy.
pub const PACKAGES_DIRECTORY: &str = "/usr/local/lib/python2.7/dist-packages";
