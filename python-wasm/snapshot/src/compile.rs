//! `python-snapshot compile`: the library's modules, compiled by the interpreter that will run them. No other Python
//! 2.7 is needed then.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_packages::{Compiled, compile_modules};
use codehook_python::RUNTIME;
use codehook_sandbox::{Interpreter, Library, Sandbox, SandboxConfig};

use crate::snapshot::snapshot;
use crate::{CompileArgs, block_on, read};

/// A line of standard input.
struct Job {
    source: PathBuf,
    target: PathBuf,
    /// Below `/`, and without it.
    guest: String,
}

pub(crate) fn command(args: &CompileArgs) -> anyhow::Result<()> {
    let jobs = jobs(&std::io::read_to_string(std::io::stdin())?)?;
    let mut sources = BTreeMap::new();
    for job in &jobs {
        sources.insert(job.guest.clone(), read(&job.source)?);
    }
    ensure!(
        sources.len() == jobs.len(),
        "two jobs have the same path in the guest"
    );
    let wasm = read(&args.wasm)?;
    let Compiled {
        mut code,
        syntax_errors,
        ..
    } = block_on(compile(&wasm, &sources))??;
    let mut said = std::io::stdout().lock();
    for job in jobs {
        if let Some(bytes) = code.remove(&job.guest) {
            std::fs::write(&job.target, bytes)
                .with_context(|| format!("cannot write {}", job.target.display()))?;
        } else if let Some(reason) = syntax_errors.get(&job.guest) {
            writeln!(said, "/{}\t{reason}", job.guest)?;
        } else {
            bail!("/{} was not compiled", job.guest);
        }
    }
    Ok(())
}

fn jobs(lines: &str) -> anyhow::Result<Vec<Job>> {
    let job = |line: &str| {
        let mut parts = line.split('\t');
        let (source, target) = (parts.next()?.into(), parts.next()?.into());
        let guest = parts.next()?.strip_prefix('/')?.to_owned();
        parts.next().is_none().then_some(Job {
            source,
            target,
            guest,
        })
    };
    lines
        .lines()
        .map(|line| job(line).with_context(|| format!("no job: {line:?}")))
        .collect()
}

/// The interpreter starts from the very sources: it compiles what it imports meanwhile.
async fn compile(wasm: &[u8], sources: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<Compiled> {
    let mut files = sources.clone();
    // Python looks for the directory, and complains when there is none.
    files.insert("usr/lib/python2.7/lib-dynload/none".to_owned(), Vec::new());
    let library = Arc::new(Library::from_tar(codehook_packages::tar(&files)?)?);
    let started = snapshot(wasm, Arc::clone(&library)).await?;
    let interpreter = Interpreter::new(&started).with_native_yields();
    let config = SandboxConfig::new(RUNTIME);
    let sandbox = Sandbox::new(config, &interpreter, library, || {})?;
    let egress = Egress::new(EgressConfig::default())?;
    let no_network = egress.session(Policy::default());
    Ok(compile_modules(&sandbox, sources, "/", no_network).await?)
}
