//! What the whole-program tests share: one sandbox for the process, and a way to run a script in it.

pub mod guests;
pub mod package_store;
pub mod program;
pub mod programs;
pub mod servers;
pub mod wheels;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use codehook_egress::{CaCertificates, Egress, EgressConfig, Policy, TrustRoots};
use codehook_sandbox::{
    CompiledCache, Outcome, Purpose, RunLimits, RunReport, Sandbox, SandboxConfig, Script,
};

/// Runs at the same time in one test process.
const CONCURRENT_RUNS: u32 = 16;

/// The sandbox of this test process.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| sandbox_with(|config| config.max_concurrent_runs = CONCURRENT_RUNS))
}

/// A sandbox of its own, with other settings. Compiled code is kept in `target/`, where the program has it too.
pub fn sandbox_with(configure: impl FnOnce(&mut SandboxConfig)) -> Sandbox {
    let cache =
        CompiledCache::open(&cache_home().join("codehook")).expect("a cache directory in target/");
    let mut config = SandboxConfig::new(codehook_python::RUNTIME);
    config.cache = Some(cache);
    configure(&mut config);
    let runtime = codehook_python::runtime().expect("`make python` has built it");
    let library = runtime.library().expect("the built-in library is readable");
    Sandbox::new(config, &runtime.interpreter(), library, || {}).expect("the sandbox starts")
}

/// The `XDG_CACHE_HOME` of all tests, and of the programs that they start.
pub fn cache_home() -> PathBuf {
    target().join("test-cache-home")
}

/// The workspace's `target/` directory.
pub fn target() -> PathBuf {
    workspace().join("target")
}

/// The workspace's root.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}

/// A run to be: defaults are the product's, with no host allowed.
#[derive(Clone)]
pub struct TestRun {
    /// The script's source.
    pub source: Vec<u8>,
    /// Limits; the wall-clock limit is shorter than the product's, as tests should not wait.
    pub limits: RunLimits,
    /// What it may reach.
    pub policy: Policy,
    /// Certificates, resolver.
    pub egress: EgressConfig,
    /// Values to redact.
    pub secrets: Vec<String>,
}

impl TestRun {
    /// A run of `source` with defaults.
    pub fn new(source: impl Into<Vec<u8>>) -> Self {
        Self {
            source: source.into(),
            limits: RunLimits {
                wall_time: Duration::from_secs(20),
                ..RunLimits::default()
            },
            policy: Policy::default(),
            egress: EgressConfig::default(),
            secrets: Vec::new(),
        }
    }

    /// The same with another wall-clock limit.
    #[must_use]
    pub fn within(mut self, wall_time: Duration) -> Self {
        self.limits.wall_time = wall_time;
        self
    }

    /// Runs it, for whatever purpose.
    pub async fn perform(&self, purpose: Purpose) -> RunReport {
        self.perform_in(sandbox(), purpose).await
    }

    /// The same in another sandbox than the test process's.
    pub async fn perform_in(&self, sandbox: &Sandbox, purpose: Purpose) -> RunReport {
        let egress = Egress::new(self.egress.clone()).expect("certificates are usable");
        let script = Script::new("hook.py", self.source.clone())
            .expect("a plain name")
            .with_secrets(self.secrets.iter().cloned());
        sandbox
            .run(
                &script,
                purpose,
                &self.limits,
                egress.session(self.policy.clone()),
                None,
            )
            .await
    }

    /// Runs it on a runtime of its own.
    pub fn run(&self) -> RunReport {
        block_on(self.perform(Purpose::Run))
    }
}

/// Runs `source`, which must say just `expected` and nothing on standard error.
#[track_caller]
pub fn prints(source: &str, expected: &str) {
    let report = run(source);
    assert_eq!(stderr(&report), "");
    assert_eq!(stdout(&report), expected);
}

/// Trusts the given certificate authority and no other.
pub fn trusting(ca_pem: &str) -> EgressConfig {
    EgressConfig {
        trust: TrustRoots::GivenOnly,
        ca_certificates: vec![CaCertificates {
            origin: "test".to_owned(),
            pem: ca_pem.as_bytes().to_vec(),
        }],
        ..EgressConfig::default()
    }
}

/// Runs `source` with defaults.
pub fn run(source: &str) -> RunReport {
    TestRun::new(source).run()
}

/// The run failed, and said why in these words on standard error.
#[track_caller]
pub fn failed_with(report: &RunReport, words: &str) {
    assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
    let said = stderr(report);
    assert!(said.contains(words), "{said}");
}

/// Drives a future on a small runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Standard output as text.
pub fn stdout(report: &RunReport) -> String {
    String::from_utf8_lossy(&report.stdout.bytes).into_owned()
}

/// Standard error as text.
pub fn stderr(report: &RunReport) -> String {
    String::from_utf8_lossy(&report.stderr.bytes).into_owned()
}

/// Settings of a property test: `few` cases, times the number in `CODEHOOK_PROPERTY_FACTOR` for a long run.
#[must_use]
pub fn cases(few: u32) -> proptest::test_runner::Config {
    let factor = std::env::var("CODEHOOK_PROPERTY_FACTOR")
        .ok()
        .map_or(1, |factor| {
            factor
                .parse()
                .expect("CODEHOOK_PROPERTY_FACTOR is a number")
        });
    proptest::test_runner::Config::with_cases(few.saturating_mul(factor))
}
