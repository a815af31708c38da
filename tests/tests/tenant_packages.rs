//! A tenant's packages are for that tenant's runs, in one sandbox and at the same time.

use std::sync::Arc;

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_packages::{
    Addition, BuiltIn, Extensions, OtherVersion, PACKAGES_DIRECTORY, PackageInstaller, Source,
    Store, Tenant, Tenants,
};
use codehook_runner::PackageLibraries;
use codehook_sandbox::{Library, Outcome, Purpose, RunLimits, RunReport, Script};
use codehook_tests::wheels::wheel;
use codehook_tests::{block_on, run, sandbox, stderr, stdout};

const TENANTS: [&str; 2] = ["red", "blue"];

fn tenant(name: &str) -> Tenant {
    name.parse().expect("a tenant")
}

/// A store in which each tenant has a package of its own.
async fn filled_store(folder: &std::path::Path, egress: &Egress) -> Store {
    let runtime = codehook_python::runtime().expect("a runtime");
    let library = runtime.library().expect("the library");
    let built_in = BuiltIn::new(runtime.manifest(), library).expect("the manifest");
    let store = Store::new(folder.join("store"));
    let installer = PackageInstaller {
        store: &store,
        built_in: &built_in,
        sandbox: sandbox(),
        egress,
    };
    for name in TENANTS {
        let module = format!("only_{name}");
        let init = format!("{module}/__init__.py");
        let secret = format!("secret = '{name}'");
        let file = wheel(&module, "1.0", "", &[(init.as_str(), secret.as_str())]);
        std::fs::write(folder.join(&file.name), &file.bytes).expect("a file");
        let addition = Addition {
            wanted: format!("{module}==1.0").parse().expect("a request"),
            hash: None,
            tenants: Tenants::only(tenant(name)),
            extensions: Extensions::Refuse,
            other_version: OtherVersion::Refuse,
        };
        let mut source = Source::Folder(folder.to_owned());
        let added = installer.add(&addition, Some(&mut source)).await;
        added.expect("a plain package");
    }
    store
}

async fn run_for(library: Option<Arc<Library>>, source: &str, egress: &Egress) -> RunReport {
    let script = Script::new("hook.py", source.as_bytes())
        .expect("a plain name")
        .with_packages(library);
    let nothing_allowed = egress.session(Policy::default());
    let limits = RunLimits::default();
    sandbox()
        .run(&script, Purpose::Run, &limits, nothing_allowed, None)
        .await
}

/// Imports the own module; then looks for the other's in every way that Python has.
fn probe(own: &str, other: &str) -> String {
    format!(
        "
import imp, os, pkgutil, sys
import only_{own}
print only_{own}.secret
for attempt in (lambda: __import__('only_{other}'), lambda: imp.find_module('only_{other}'),
                lambda: open('{PACKAGES_DIRECTORY}/only_{other}/__init__.pyc'),
                lambda: os.stat('{PACKAGES_DIRECTORY}/only_{own}/../only_{other}')):
    try:
        attempt()
        print 'found'
    except (ImportError, EnvironmentError):
        print 'nothing'
print [name for name in os.listdir('{PACKAGES_DIRECTORY}') if '{other}' in name]
print [name for _, name, _ in pkgutil.iter_modules() if name == 'only_{other}']
"
    )
}

#[test]
fn tenants_that_run_at_the_same_time_never_see_each_others_packages() {
    let folder = tempfile::tempdir().expect("a directory");
    let egress = Egress::new(EgressConfig::default()).expect("defaults");
    block_on(async {
        let store = filled_store(folder.path(), &egress).await;
        let packages = store.load().expect("a store");
        let libraries = TENANTS.map(|name| packages.library(&tenant(name)).expect("archives"));
        let mut runs = Vec::new();
        for round in 0..24 {
            let own = round % 2;
            let source = probe(TENANTS[own], TENANTS[1 - own]);
            let library = libraries[own].clone();
            let egress = &egress;
            runs.push(async move { (own, run_for(library, &source, egress).await) });
        }
        for (own, report) in futures_util::future::join_all(runs).await {
            assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
            let expected = format!("{}\n{}[]\n[]\n", TENANTS[own], "nothing\n".repeat(4));
            assert_eq!(stdout(&report), expected);
        }
        // And on the very slots that they used, a run without packages finds none.
        for _ in 0..4 {
            let source =
                "import sys\nprint [p for p in sys.path if 'local' in p]\nimport only_red\n";
            let report = run_for(None, source, &egress).await;
            assert_eq!(report.outcome, Outcome::Failed);
            assert_eq!(stdout(&report), "[]\n");
            assert!(stderr(&report).ends_with("ImportError: No module named only_red\n"));
        }
    });
}

#[test]
fn a_removed_package_is_gone_although_another_tenants_archive_is_damaged() {
    let folder = tempfile::tempdir().expect("a directory");
    let egress = Egress::new(EgressConfig::default()).expect("defaults");
    block_on(async {
        let store = filled_store(folder.path(), &egress).await;
        let libraries = PackageLibraries::new(Some(store.directory().to_owned()));
        let (red, blue) = (tenant("red"), tenant("blue"));
        assert!(libraries.of(&red).await.expect("its package").is_some());
        let name = "only_red".parse().expect("a name");
        store.remove(&name, &[]).expect("it is there");
        let left = store.list().expect("a store");
        let archive = store.directory().join("archives").join(&left[0].archive);
        std::fs::write(archive, "damaged").expect("a file");
        assert!(libraries.of(&blue).await.is_err());
        assert!(libraries.of(&red).await.expect("no package").is_none());
    });
}

#[test]
fn a_run_cannot_write_among_its_packages_and_the_library_comes_first() {
    let folder = tempfile::tempdir().expect("a directory");
    let egress = Egress::new(EgressConfig::default()).expect("defaults");
    block_on(async {
        let store = filled_store(folder.path(), &egress).await;
        let packages = store.load_for(&tenant("red")).expect("a store");
        let library = packages.library(&tenant("red")).expect("archives");
        let source = format!(
            "
import errno, sys
print sys.path[-1]
try:
    open('{PACKAGES_DIRECTORY}/json.py', 'w')
except IOError, error:
    print errno.errorcode[error.errno]
import only_red
print only_red.__file__
"
        );
        let report = run_for(library, &source, &egress).await;
        let file = format!("{PACKAGES_DIRECTORY}/only_red/__init__.pyc");
        let expected = format!("{PACKAGES_DIRECTORY}\nEROFS\n{file}\n");
        assert_eq!(stdout(&report), expected, "{}", stderr(&report));
    });
}

#[test]
fn a_run_without_packages_has_the_usual_path() {
    let report = run("import sys\nprint sys.path\n");
    assert!(
        !stdout(&report).contains("/usr/local"),
        "{}",
        stdout(&report)
    );
}
