//! Processor time of whole scripts, interpreter's start included on both sides, in the sandbox and natively.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use codehook_sandbox::{Outcome, RunLimits};
use codehook_tests::{TestRun, target, workspace};
use wait4::Wait4;

use crate::contender::native_python;
use crate::report::{CpuRow, Report};

/// Of each script, in turns; the shortest counts, as other work on the machine only ever adds to it.
const ROUNDS: usize = 5;
const PACKAGES: &str = "usr/lib/python2.7/dist-packages/";

pub(crate) fn measure(report: &mut Report, only: &[String]) -> anyhow::Result<()> {
    let packages = native_packages()?;
    let file = target().join("bench/cpu.py");
    for (name, script) in scripts()? {
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        fs::write(&file, &script)?;
        let mut ours = Duration::MAX;
        let mut native = Duration::MAX;
        for _ in 0..ROUNDS {
            let (our_time, our_output) = in_sandbox(&script).context(name.clone())?;
            let (their_time, their_output) = natively(&file, &packages).context(name.clone())?;
            ensure!(
                our_output == their_output,
                "{name}: the sandbox printed {:?}, the native interpreter {:?}",
                String::from_utf8_lossy(&our_output),
                String::from_utf8_lossy(&their_output)
            );
            ours = ours.min(our_time);
            native = native.min(their_time);
        }
        report.cpu(CpuRow {
            script: name,
            ours: ours.as_secs_f64() * 1e3,
            native: native.as_secs_f64() * 1e3,
        });
    }
    report.cpu_mean();
    Ok(())
}

/// Those of `fixtures/bench`, and the one that comes with CPython.
fn scripts() -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut scripts = BTreeMap::new();
    for entry in fs::read_dir(workspace().join("fixtures/bench"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            scripts.insert(name.into_owned(), fs::read(&path)?);
        }
    }
    let path = target().join("python-wasm/native/Lib/test/pystone.py");
    let pystone = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let as_module = pystone.replace("if __name__ == '__main__':", "if False:");
    ensure!(as_module != pystone, "pystone is not as expected");
    let run = "\nProc0(30000)\nprint IntGlob, Char1Glob, Char2Glob\n";
    scripts.insert("pystone".to_owned(), (as_module + run).into_bytes());
    Ok(scripts)
}

fn in_sandbox(script: &[u8]) -> anyhow::Result<(Duration, Vec<u8>)> {
    let run = TestRun::new(script).within(RunLimits::DEFAULT_WALL_TIME);
    let report = run.run();
    ensure!(
        report.outcome == Outcome::Succeeded,
        "in the sandbox: {}",
        String::from_utf8_lossy(&report.stderr.bytes)
    );
    Ok((report.cpu, report.stdout.bytes))
}

fn natively(script: &Path, packages: &Path) -> anyhow::Result<(Duration, Vec<u8>)> {
    let printed = target().join("bench/cpu.out");
    let child = Command::new(native_python())
        .arg(script)
        .env("PYTHONPATH", packages)
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&printed)?)
        .spawn()?;
    let ended = child.wait4()?;
    ensure!(ended.status.success(), "the native interpreter failed");
    Ok((ended.rusage.utime + ended.rusage.stime, fs::read(&printed)?))
}

/// The packages of the sandbox's library for the native interpreter, without the modules in C: it uses their equivalents in
/// Python, where there are any.
fn native_packages() -> anyhow::Result<PathBuf> {
    let folder = target().join("bench/packages");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let library = fs::File::open(target().join("python-wasm/lib.tar"))?;
    let mut archive = tar::Archive::new(library);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if let Ok(inside) = path.strip_prefix(PACKAGES)
            && entry.header().entry_type().is_file()
        {
            let to = folder.join(inside);
            fs::create_dir_all(to.parent().context("a file's folder")?)?;
            entry.unpack(&to)?;
        }
    }
    Ok(folder)
}
