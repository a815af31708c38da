//! `python-snapshot pack`: the runtime file.

use std::sync::Arc;

use codehook_python::RuntimeParts;
use codehook_sandbox::{Interpreter, Library, precompile};
use sha2::{Digest, Sha256};

use crate::snapshot::snapshot;
use crate::{PackArgs, block_on, read};

pub(crate) fn command(args: &PackArgs) -> anyhow::Result<()> {
    let wasm = read(&args.wasm)?;
    let archive = read(&args.library)?;
    let manifest = String::from_utf8(read(&args.manifest)?)?;
    // What a program would have to compute at every start.
    let index = Library::index_of(&archive)?;
    let library = Arc::new(Library::from_tar(archive.clone())?);
    let snapshot = block_on(snapshot(&wasm, library))??;
    let sha256: [u8; 32] = Sha256::digest(&snapshot).into();
    let interpreter = Interpreter::with_digest(&snapshot, sha256).with_native_yields();
    let precompiled = precompile(&interpreter)?;
    let parts = RuntimeParts {
        wasm: &snapshot,
        sha256,
        precompiled: &precompiled,
        library: &archive,
        index: &index,
        manifest: &manifest,
    };
    parts.write(&args.out)?;
    println!(
        "{}: {} bytes",
        args.out.display(),
        std::fs::metadata(&args.out)?.len()
    );
    Ok(())
}
