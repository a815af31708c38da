//! The `codehook` program as a person or another program uses it: the real binary, its output, its exit codes, its files.

mod checking;
mod confined;
mod inputs;
mod machine;
mod outcomes;
mod package_refusals;
mod package_sources;
mod packages;
mod reports;
mod runtime_file;
mod secrets;
