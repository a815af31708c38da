//! Python packages that an operator adds to those that are built in, for the hooks of chosen tenants.
//!
//! This crate owns the store on disk, its lock file, and the way of a package into it: an index or a folder, a wheel or a source
//! archive, its modules compiled by the interpreter inside the sandbox. [`Packages::library`] is what a run gets.
//!
//! It never runs anything of a package: no `setup.py`, no `.pth` file. It refuses packages with C code, for another Python, with
//! the name of something that is there already, and archives that no honest packager makes; every refusal says why.

mod add;
mod archive;
mod built_in;
mod choose;
mod compile;
mod distribution;
mod file_name;
mod hash;
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

pub use add::{AddError, Added, Addition, Missing, Novelty, OtherVersion, Workshop};
pub use archive::ArchiveError;
pub use built_in::{BuiltIn, BuiltInPackage, ManifestError, PackageKind};
pub use compile::{CompileError, Compiled, compile_modules};
pub use distribution::Extensions;
pub use hash::{HashError, Sha256};
pub use lock_file::LockedPackage;
pub use name::{NameError, PackageName, Tenant, Tenants, Wanted};
pub use pack::tar;
pub use refusal::{Optional, Refusal};
pub use source::{Index, IndexError, PipError, Source, SourceError, index_of_pip};
pub use store::{Packages, Removed, Store, StoreError, StoreVersion};
pub use verify::verify_file;

/// Where a run finds its own packages; the interpreter looks there last. `_codehook_boot.py` has the other copy.
pub const PACKAGES_DIRECTORY: &str = "/usr/local/lib/python2.7/dist-packages";
