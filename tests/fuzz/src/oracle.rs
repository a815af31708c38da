//! CPython 2.7 in the sandbox, which hooks run on: each case is a run of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_packages::{PACKAGES_DIRECTORY, compile_modules, tar};
use codehook_sandbox::{Library, Outcome, Purpose, RunLimits, Sandbox, SandboxConfig, Script};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

static ORACLE: LazyLock<Oracle> =
    LazyLock::new(|| Oracle::start().unwrap_or_else(|error| panic!("the oracle: {error}")));

struct Oracle {
    sandbox: Sandbox,
    /// `oracle.py`, compiled: a case is over before that would be.
    module: Arc<Library>,
    egress: Egress,
    executor: Runtime,
}

impl Oracle {
    fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = codehook_python::runtime()?;
        let config = SandboxConfig {
            max_concurrent_runs: 4,
            ..SandboxConfig::new(codehook_python::RUNTIME)
        };
        let sandbox = Sandbox::new(config, &runtime.interpreter(), runtime.library()?, || {})?;
        let egress = Egress::new(EgressConfig::default())?;
        let executor = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let source = include_bytes!("../oracle.py").to_vec();
        let sources = BTreeMap::from([("oracle.py".to_owned(), source)]);
        let no_network = egress.session(Policy::default());
        let compiled = executor.block_on(compile_modules(
            &sandbox,
            &sources,
            PACKAGES_DIRECTORY,
            no_network,
        ))?;
        let code = compiled.code.into_iter();
        let modules: BTreeMap<_, _> = code.map(|(path, code)| (path + "c", code)).collect();
        let module = Library::mounted_at(PACKAGES_DIRECTORY, [tar(&modules)?])?;
        Ok(Self {
            sandbox,
            module: Arc::new(module),
            egress,
            executor,
        })
    }

    fn ask(&self, case: &Value) -> String {
        // Hexadecimal, so that no case has a say in the script.
        let case = hex::encode(case.to_string());
        let source = format!("import oracle\noracle.answer('{case}')\n");
        let script = Script::new("case.py", source.into_bytes())
            .expect("a file name")
            .with_packages(Some(Arc::clone(&self.module)));
        let report = self.executor.block_on(self.sandbox.run(
            &script,
            Purpose::Run,
            &RunLimits::default(),
            self.egress.session(Policy::default()),
            None,
        ));
        assert_eq!(
            report.outcome,
            Outcome::Succeeded,
            "the oracle: {}",
            String::from_utf8_lossy(&report.stderr.bytes)
        );
        String::from_utf8_lossy(&report.stdout.bytes).into_owned()
    }
}

/// The oracle's answer to a case.
pub(crate) fn ask(case: &Value) -> String {
    ORACLE.ask(case)
}
