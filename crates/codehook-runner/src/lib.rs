//! The one way from an event to the report of a run, for the service and the command line alike.
//!
//! [`RunRequest::prepare`] resolves the tokens of an event, renders the template and makes the script; it touches
//! neither the sandbox nor the network. [`Runner::run`] adds the packages of the tenant and the network policy, and
//! runs the script. [`compile_check`] compiles a template without an event.

pub mod compile_check;
mod package_libraries;
mod request;
mod runner;

pub use package_libraries::{PackageLibraries, PackagesError};
pub use request::{PrepareError, PreparedRun, RunRequest};
pub use runner::{Network, Runner};
