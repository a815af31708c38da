//! Adding packages from an index over HTTP: a real one on loopback, in both forms.

use codehook_packages::Sha256;
use codehook_tests::wheels::{PackageFile, source_archive, wheel};
use mock_services::{IndexFile, IndexForm, PackageIndex};
use tokio::runtime::Runtime;

use codehook_tests::program::{Ended, Program};
use codehook_tests::servers::serving_runtime;

/// The program, and an index that serves as long as this lives.
struct ProgramWithIndex {
    program: Program,
    index: PackageIndex,
    _runtime: Runtime,
}

impl ProgramWithIndex {
    fn new(form: IndexForm) -> Self {
        let runtime = serving_runtime();
        let index = runtime
            .block_on(PackageIndex::start(form))
            .expect("an index on loopback");
        Self {
            program: Program::new(),
            index,
            _runtime: runtime,
        }
    }

    fn offer(&self, project: &str, file: &PackageFile) {
        self.index.put(
            project,
            IndexFile {
                name: file.name.clone(),
                bytes: file.bytes.clone(),
                sha256: Some(Sha256::of(&file.bytes).digits().to_owned()),
                requires_python: None,
            },
        );
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.program.command(arguments);
        command.env("CODEHOOK_PACKAGES_DIR", self.program.path("store"));
        command.envs(variables.iter().copied());
        self.program.finish(command)
    }

    fn add(&self, wanted: &str, index: &str) -> Ended {
        self.run(&["packages", "add", wanted, "--index", index], &[])
    }
}

fn fuel(version: &str) -> PackageFile {
    wheel("fuel", version, "", &[("fuel.py", "kind = 'hydrogen'\n")])
}

#[test]
fn both_forms_of_an_index_serve() {
    for form in [IndexForm::Html, IndexForm::Json] {
        let installer = ProgramWithIndex::new(form);
        let file = fuel("1.0");
        installer.offer("fuel", &file);
        let sources = &[("fuel.py", "")];
        installer.offer(
            "fuel",
            &source_archive("fuel", "1.0", "", "fuel\n", sources),
        );
        let added = installer.add("Fuel==1.0", &installer.index.url());
        assert_eq!(added.code, Some(0), "{form:?} {added:?}");
        assert!(
            added.stdout.contains(&Sha256::of(&file.bytes).to_string()),
            "{added:?}"
        );
        let asked = installer.index.asked();
        assert_eq!(asked, ["/simple/fuel/", &format!("/files/{}", file.name)]);
        let verified = installer.run(
            &["packages", "verify", "--index", &installer.index.url()],
            &[],
        );
        assert_eq!(verified.code, Some(0), "{verified:?}");
        installer.offer("fuel", &wheel("fuel", "1.0", "", &[("fuel.py", "other")]));
        let verified = installer.run(
            &["packages", "verify", "--index", &installer.index.url()],
            &[],
        );
        assert_eq!(verified.code, Some(1), "{verified:?}");
    }
}

#[test]
fn what_the_index_says_of_python_decides_and_the_last_version_for_2_7_is_named() {
    for form in [IndexForm::Html, IndexForm::Json] {
        let installer = ProgramWithIndex::new(form);
        for (version, python) in [("1.4", ">=2.7"), ("1.10", ">=2.7, <4"), ("2.0", ">=3.8")] {
            let file = source_archive("fuel", version, "", "fuel\n", &[("fuel.py", "")]);
            installer.index.put(
                "fuel",
                IndexFile {
                    name: file.name,
                    bytes: file.bytes,
                    sha256: None,
                    requires_python: Some(python.to_owned()),
                },
            );
        }
        let url = installer.index.url();
        let newest = "the newest version that may be for Python 2.7 is fuel==1.10";
        for (wanted, reason) in [
            ("fuel==2.0", "Requires-Python: >=3.8"),
            ("fuel==9.0", "is not in"),
            ("fuel", "name one version"),
        ] {
            let refused = installer.add(wanted, &url);
            refused.says(2, reason);
            assert!(refused.stderr.contains(newest), "{refused:?}");
        }
        assert_eq!(installer.add("fuel==1.10", &url).code, Some(0));
    }
}

#[test]
fn bytes_that_are_not_what_the_index_announces_are_refused() {
    let installer = ProgramWithIndex::new(IndexForm::Json);
    let file = fuel("1.0");
    installer.index.put(
        "fuel",
        IndexFile {
            name: file.name,
            bytes: file.bytes,
            sha256: Some("0".repeat(64)),
            requires_python: None,
        },
    );
    let refused = installer.add("fuel==1.0", &installer.index.url());
    refused.says(2, "the index announces");
}

#[test]
fn the_environments_index_serves_and_its_password_is_told_to_nobody() {
    let installer = ProgramWithIndex::new(IndexForm::Html);
    installer.offer("fuel", &fuel("1.0"));
    installer.index.require("ann", "p@ss word");
    let url = installer.index.url();
    let refused = installer.add("fuel==1.0", &url);
    assert!(
        refused.stderr.contains("responded with status 401"),
        "{refused:?}"
    );
    let with_password = url.replace("http://", "http://ann:p%40ss%20word@");
    let variables = [("PIP_INDEX_URL", with_password.as_str())];
    let added = installer.run(&["packages", "add", "fuel==1.0", "--json"], &variables);
    assert_eq!(added.code, Some(0), "{added:?}");
    let lock = installer.program.path("store").join("packages.lock.toml");
    let lock = std::fs::read_to_string(lock).expect("a lock file");
    for text in [&added.stdout, &added.stderr, &lock] {
        assert!(!text.contains("p%40ss") && !text.contains("ann"), "{text}");
    }
}

#[test]
fn https_is_verified_and_plain_http_is_refused_but_for_this_machine_or_a_known_hash() {
    let installer = ProgramWithIndex::new(IndexForm::Json);
    let file = fuel("1.0");
    installer.offer("fuel", &file);
    let url = installer.index.secure_url();
    let refused = installer.add("fuel==1.0", &url);
    refused.says(2, "localhost: ");
    let ca = installer.program.file("ca.pem", installer.index.ca_pem());
    let added = installer.run(
        &[
            "packages",
            "add",
            "fuel==1.0",
            "--index",
            &url,
            "--ca-cert",
            &ca,
        ],
        &[],
    );
    assert_eq!(added.code, Some(0), "{added:?}");
    let plain = installer.add("other==1.0", "http://index.invalid/simple/");
    plain.says(2, "is not HTTPS");
    // With a hash the bytes vouch for themselves: the request is made, and finds no such host.
    let hash = Sha256::of(&file.bytes).to_string();
    let asked = installer.run(
        &[
            "packages",
            "add",
            "other==1.0",
            "--index",
            "http://index.invalid/simple/",
            "--hash",
            &hash,
        ],
        &[],
    );
    assert!(asked.stderr.contains("no address was found"), "{asked:?}");
}

#[test]
fn without_an_index_or_pip_it_is_said_what_to_name() {
    let installer = ProgramWithIndex::new(IndexForm::Html);
    let nothing = installer.run(
        &["packages", "add", "fuel==1.0"],
        &[("PATH", "/nonexistent")],
    );
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    for option in ["--from FOLDER", "--index URL", "PIP_INDEX_URL"] {
        assert!(nothing.stderr.contains(option), "{nothing:?}");
    }
}
