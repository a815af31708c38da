//! Prints the faults of structure of the workspace in a folder, the current one unless another is named.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let layers = Path::new(env!("CARGO_MANIFEST_DIR")).join("layers.toml");
    let root = root.canonicalize().unwrap_or(root);
    match codehook_structure::check(&root, &layers) {
        Ok(report) => {
            report.faults().for_each(|fault| println!("{fault}"));
            println!("{} files, {} faults", report.files, report.faults().count());
            ExitCode::from(u8::from(report.faults().next().is_some()))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
