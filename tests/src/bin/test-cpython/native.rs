//! A module of tests under the native interpreter, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::cases::Cases;
use crate::{Error, RUNNER, Times};

/// The native python2.7 that was built from the same source.
pub(crate) struct Native {
    python: PathBuf,
    runner: tempfile::NamedTempFile,
    limit: Duration,
}

impl Native {
    pub(crate) fn new(built: &Path, limit: Duration) -> Result<Self, Error> {
        let python = built.join("native/python");
        if !python.is_file() {
            return Err(Error::NoPython(python));
        }
        let runner = tempfile::Builder::new()
            .prefix("run_module")
            .suffix(".py")
            .tempfile()?;
        std::fs::write(runner.path(), RUNNER)?;
        Ok(Self {
            python,
            runner,
            limit,
        })
    }

    /// The modules of `Lib/test`, in alphabetical order.
    pub(crate) fn modules(&self) -> Result<Vec<String>, Error> {
        let tests = self.python.with_file_name("Lib/test");
        let mut modules = Vec::new();
        for entry in std::fs::read_dir(tests)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let module = name.strip_suffix(".py").unwrap_or(&name);
            // As in test.regrtest: the helper is no test. Packages count.
            let is_test = module.starts_with("test_") && module != "test_support";
            if is_test && (name.ends_with(".py") || !name.contains('.')) {
                modules.push(module.to_owned());
            }
        }
        modules.sort();
        modules.dedup();
        Ok(modules)
    }

    pub(crate) async fn run(&self, module: &str, times: &mut Times) -> Result<Cases, Error> {
        let directory = tempfile::tempdir()?;
        // A file and no pipe: processes that a test leaves behind would keep a pipe open.
        let output = tempfile::NamedTempFile::new()?;
        let started = std::time::Instant::now();
        let mut child = Command::new(&self.python)
            .args(["-B", "-s"])
            .arg(self.runner.path())
            .args([module, "--needs"])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", directory.path())
            .env("TMPDIR", directory.path())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .current_dir(directory.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.reopen()?)
            .stderr(Stdio::null())
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        let ended = tokio::time::timeout(self.limit, child.wait()).await;
        if let Some(group) = group {
            // What is left of it, if anything.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        times.native += started.elapsed();
        // What did not end within the limit counts as far as it came.
        ended.unwrap_or(Ok(std::process::ExitStatus::default()))?;
        Ok(Cases::read(module, &std::fs::read(output.path())?))
    }
}
