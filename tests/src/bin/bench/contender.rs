//! Ways to run a script, from its text to its exit and its output in hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, Sandbox, Script};
use codehook_tests::{sandbox, target};
use tokio::runtime::Runtime;

/// Something that runs scripts.
pub(crate) trait Contender {
    fn name(&self) -> String;
    /// Runs `script`, and answers how long that took and what it printed.
    fn run(&self, script: &[u8]) -> anyhow::Result<(Duration, Vec<u8>)>;
}

/// This project, in this process, on one thread.
pub(crate) struct Codehook {
    runtime: Runtime,
    egress: Egress,
    policy: Policy,
    sandbox: &'static Sandbox,
}

impl Codehook {
    pub(crate) fn new(egress: EgressConfig, policy: Policy) -> anyhow::Result<Self> {
        Ok(Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            egress: Egress::new(egress)?,
            policy,
            sandbox: sandbox(),
        })
    }
}

impl Contender for Codehook {
    fn name(&self) -> String {
        "codehook, in process".to_owned()
    }

    fn run(&self, script: &[u8]) -> anyhow::Result<(Duration, Vec<u8>)> {
        let started = Instant::now();
        let script = Script::new("hook.py", script)?;
        let report = self.runtime.block_on(self.sandbox.run(
            &script,
            Purpose::Run,
            &RunLimits::default(),
            self.egress.session(self.policy.clone()),
            None,
        ));
        let took = started.elapsed();
        ensure!(
            report.outcome == Outcome::Succeeded,
            "codehook: {}",
            String::from_utf8_lossy(&report.stderr.bytes)
        );
        Ok((took, report.stdout.bytes))
    }
}

/// A process for each script.
pub(crate) struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    script: PathBuf,
}

impl Process {
    /// The native `python2.7` that was built from the same source, with these flags.
    pub(crate) fn python(flags: &[&str]) -> Self {
        let name = ["python2.7"].iter().chain(flags).copied();
        Self {
            name: name.collect::<Vec<_>>().join(" "),
            program: native_python(),
            arguments: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            environment: Vec::new(),
            script: script_file(),
        }
    }

    /// The same inside `bwrap`: no network, namespaces of its own, a read-only system and an empty `/tmp`.
    pub(crate) fn bubblewrap() -> Option<Self> {
        let program = which("bwrap")?;
        let python = native_python();
        let native = target().join("python-wasm/native");
        let target = target();
        let words = format!(
            "--unshare-all --die-with-parent --new-session --clearenv --ro-bind /usr /usr --symlink usr/lib /lib \
             --symlink usr/lib64 /lib64 --symlink usr/bin /bin --proc /proc --dev /dev --tmpfs /tmp --ro-bind {} {} --ro-bind {} {} {}",
            native.display(),
            native.display(),
            target.join("bench").display(),
            target.join("bench").display(),
            python.display()
        );
        Some(Self {
            name: "python2.7 in bubblewrap".to_owned(),
            program,
            arguments: words.split_whitespace().map(str::to_owned).collect(),
            environment: Vec::new(),
            script: script_file(),
        })
    }

    /// CPython on WebAssembly as others ship it: Pyodide on Node.js (Python 3), if `make bench` has installed it.
    pub(crate) fn pyodide() -> Option<Self> {
        let node = which("node")?;
        let folder = target().join("tools/pyodide");
        folder.join("node_modules/pyodide").is_dir().then(|| Self {
            name: "Pyodide on Node.js".to_owned(),
            program: node,
            arguments: vec![folder.join("run.mjs").display().to_string()],
            environment: Vec::new(),
            script: script_file(),
        })
    }

    #[must_use]
    pub(crate) fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Contender for Process {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn run(&self, script: &[u8]) -> anyhow::Result<(Duration, Vec<u8>)> {
        let started = Instant::now();
        fs::write(&self.script, script)?;
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .arg(&self.script)
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let took = started.elapsed();
        ensure!(
            output.status.success(),
            "{}: {}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((took, output.stdout))
    }
}

pub(crate) fn native_python() -> PathBuf {
    target().join("python-wasm/native/bin/python2.7")
}

fn script_file() -> PathBuf {
    let folder = target().join("bench");
    // If this fails, writing the script says so.
    let _ = fs::create_dir_all(&folder);
    folder.join("script.py")
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate: &PathBuf| Path::is_file(candidate))
}
