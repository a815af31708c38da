//! Every package of the library, used: each test does with a package what a hook would, and compares with an answer that is known
//! or that a server has checked. That a package can be imported says little.

mod amazon;
mod chat;
mod crypto;
mod cryptography;
mod data;
mod documents;
mod drawings;
mod http;
mod identity;
mod images;
mod lxml;
mod lxml_limits;
mod numbers_and_dates;
mod on_call;
mod service;
mod signing;
mod tickets;

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use codehook_sandbox::{Outcome, Purpose, RunReport};
use codehook_tests::servers::{local_access, run_with_server, test_server};
use codehook_tests::{TestRun, block_on, stderr, stdout, workspace};

/// A package by its name in `requirements.lock`, and a test that uses it. The test is named as a function so that the table cannot
/// name one that is gone.
type Use = (&'static str, fn());

/// One line for each module of this binary.
const USES: &[&[Use]] = &[
    amazon::USES,
    chat::USES,
    crypto::USES,
    cryptography::USES,
    data::USES,
    documents::USES,
    http::USES,
    identity::USES,
    images::USES,
    lxml::USES,
    numbers_and_dates::USES,
    on_call::USES,
    signing::USES,
    tickets::USES,
];

#[test]
fn every_package_of_the_manifest_has_a_test_that_uses_it() {
    let used: BTreeSet<&str> = USES
        .iter()
        .flat_map(|uses| uses.iter())
        .map(|(name, _)| *name)
        .collect();
    let packages = packages();
    let listed: BTreeSet<&str> = packages
        .iter()
        .map(|package| text(package, "name"))
        .collect();
    let untested: Vec<_> = listed.difference(&used).collect();
    let unknown: Vec<_> = used.difference(&listed).collect();
    assert!(
        untested.is_empty(),
        "packages without a use test: {untested:?}"
    );
    assert!(
        unknown.is_empty(),
        "tests of packages that are not in the library: {unknown:?}"
    );
}

#[test]
fn the_list_of_licences_names_every_package_as_the_manifest_does() {
    let document = fs::read_to_string(workspace().join("docs/licences.md")).expect("the document");
    for package in packages() {
        let [name, version, licence] =
            ["name", "version", "licence"].map(|key| text(&package, key));
        let row = format!("| {name} | {version} | {licence} |");
        assert!(document.contains(&row), "docs/licences.md has no row {row}");
    }
}

fn packages() -> Vec<serde_json::Value> {
    let manifest: serde_json::Value =
        serde_json::from_str(codehook_python::runtime().expect("a runtime").manifest())
            .expect("the manifest is JSON");
    manifest["packages"].as_array().expect("a list").clone()
}

fn text<'a>(package: &'a serde_json::Value, key: &str) -> &'a str {
    package[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is a text in {package}"))
}

/// Runs a script and expects it to print `expected`.
fn prints(source: &str, expected: &str) {
    let report = TestRun::new(source).run();
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    assert_eq!(stdout(&report), expected, "{}", stderr(&report));
}

/// Runs a script that may reach a test server: `{http}` and `{https}` in it are the server's base URLs. Gives what it printed.
fn printed_with_server(source: &str) -> String {
    block_on(async {
        let server = test_server().await;
        let run = run_with_server(&server, source).within(Duration::from_secs(30));
        succeeded(run.perform(Purpose::Run).await)
    })
}

/// A run that may reach these ports of this machine, as `localhost`.
fn with_access(source: &str, ports: &[u16]) -> TestRun {
    TestRun {
        policy: local_access(ports),
        ..TestRun::new(source).within(Duration::from_secs(30))
    }
}

/// What the run printed, if it went well.
fn succeeded(report: RunReport) -> String {
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    stdout(&report)
}
