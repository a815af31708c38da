//! A module of tests in the sandbox.

use std::sync::Arc;
use std::time::Duration;

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_python::RUNTIME;
use codehook_sandbox::{
    CompiledCache, Library, Outcome, Purpose, RunLimits, Sandbox, SandboxConfig, Script,
};

use crate::cases::{self, Case, Cases};
use crate::{Error, RUNNER, Times};

/// Cases that may take the interpreter with them before the rest of a module is given up.
const MAX_CUTS: usize = 40;
/// Of these, cases that end with the time limit.
const MAX_TIMED_OUT: usize = 2;
/// How long the module may take once such a case is left out.
const LIMIT_AGAIN: Duration = Duration::from_secs(30);

/// The sandbox that runs tests: the product's, with the tests beside the library and limits far above a hook's.
pub(crate) struct Inside {
    sandbox: Sandbox,
    tests: Arc<Library>,
    limits: RunLimits,
    egress: Egress,
}

impl Inside {
    pub(crate) fn new(workers: u32, limit: Duration) -> Result<Self, Error> {
        let built = codehook_tests::target();
        let config = SandboxConfig {
            max_concurrent_runs: workers,
            cache: Some(CompiledCache::open(
                &codehook_tests::cache_home().join("codehook"),
            )?),
            ..SandboxConfig::new(RUNTIME)
        };
        let archive = std::fs::read(built.join("python-wasm/tests.tar"))?;
        let runtime = codehook_python::runtime()?;
        Ok(Self {
            sandbox: Sandbox::new(config, &runtime.interpreter(), runtime.library()?, || {})?,
            tests: Arc::new(Library::from_tar(archive)?),
            limits: RunLimits {
                fuel: None,
                wall_time: limit,
                memory_bytes: RunLimits::MAX_MEMORY_BYTES,
                // Some tests make long files with holes.
                tmp_bytes: 16 << 30,
                tmp_files: 100_000,
                output_bytes: 256 << 20,
                open_files: 1024,
            },
            egress: Egress::new(EgressConfig::default())?,
        })
    }

    /// Runs a module to its end. A case that stops the interpreter is noted, and the module runs again without it.
    pub(crate) async fn run(&self, module: &str, times: &mut Times) -> Result<Cases, Error> {
        let mut cut: Vec<(String, String)> = Vec::new();
        let mut timed_out = 0;
        loop {
            let names: Vec<&str> = cut.iter().map(|(name, _)| name.as_str()).collect();
            let limit = if timed_out == 0 {
                self.limits.wall_time
            } else {
                self.limits.wall_time.min(LIMIT_AGAIN)
            };
            let report = self.run_once(module, &names, limit).await?;
            times.inside += report.cpu;
            timed_out += usize::from(report.outcome == Outcome::TimedOut);
            let mut cases = Cases::read(module, &report.stdout.bytes);
            let why = || {
                let errors = String::from_utf8_lossy(&report.stderr.bytes);
                let mut last: Vec<&str> = errors.lines().rev().take(6).collect();
                last.reverse();
                format!("{:?}: {}", report.outcome, last.join(" | "))
            };
            let again = match cases.cut.take() {
                Some(name) if !cases.ended && cut.len() < MAX_CUTS => {
                    // Of a case that runs several times, all are left out.
                    let name = name.split('#').next().unwrap_or(&name).to_owned();
                    let known = names.contains(&name.as_str());
                    cut.push((name, why()));
                    !known && timed_out <= MAX_TIMED_OUT
                }
                _ => {
                    if !cases.ended {
                        cut.push((module.to_owned(), why()));
                    }
                    false
                }
            };
            if !again {
                for (name, text) in cut {
                    let outcome = cases::Outcome::Cut;
                    let needs = Vec::new();
                    cases.by_name.insert(
                        name,
                        Case {
                            outcome,
                            needs,
                            text,
                        },
                    );
                }
                return Ok(cases);
            }
        }
    }

    async fn run_once(
        &self,
        module: &str,
        skipped: &[&str],
        limit: Duration,
    ) -> Result<codehook_sandbox::RunReport, Error> {
        let mut arguments = vec!["'run_module.py'".to_owned(), python_string(module)];
        for name in skipped {
            arguments.push("'--skip'".to_owned());
            arguments.push(python_string(name));
        }
        let source = format!(
            "import sys; sys.argv[:] = [{}]\n{RUNNER}",
            arguments.join(", ")
        );
        let script = Script::new("run_module.py", source.into_bytes())?
            .with_packages(Some(Arc::clone(&self.tests)));
        let session = self.egress.session(Policy::default());
        let limits = RunLimits {
            wall_time: limit,
            ..self.limits.clone()
        };
        Ok(self
            .sandbox
            .run(&script, Purpose::Run, &limits, session, None)
            .await)
    }
}

/// A Python literal for a name of a case.
fn python_string(text: &str) -> String {
    let mut literal = String::from("'");
    for byte in text.bytes() {
        literal.push_str(&format!("\\x{byte:02x}"));
    }
    literal.push('\'');
    literal
}
