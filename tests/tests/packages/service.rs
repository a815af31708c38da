//! Runs of scripts and of the fixtures' hooks that may reach one mock service by its public names.

use std::fs;
use std::time::Duration;

use codehook_egress::{ConnectTo, Policy, PrivateNetworks};
use codehook_sandbox::{Outcome, Purpose, RunReport};
use codehook_template::{Event, Mapping, Template};
use codehook_tests::{TestRun, block_on, stderr, trusting, workspace};
use mock_services::{Api, ApiServer};

use crate::succeeded;

/// A mock service that runs.
pub(crate) async fn served<A: Api>(api: A) -> ApiServer<A> {
    ApiServer::start(api).await.expect("the service starts")
}

/// A run of `source` that reaches the service under each of `hosts`, and nothing else.
pub(crate) fn reaching(
    server: &ApiServer<impl Api>,
    hosts: &[&str],
    source: impl Into<Vec<u8>>,
) -> TestRun {
    let address = server.address();
    let rule = |host: &&str| -> ConnectTo {
        format!("{host}:443:{}:{}", address.ip(), address.port())
            .parse()
            .expect("a connect-to rule")
    };
    TestRun {
        policy: Policy {
            allow: hosts
                .iter()
                .map(|host| host.parse().expect("a host"))
                .collect(),
            private_networks: PrivateNetworks::Opened,
            connect_to: hosts.iter().map(rule).collect(),
            ..Policy::default()
        },
        egress: trusting(server.ca_pem()),
        ..TestRun::new(source).within(Duration::from_secs(60))
    }
}

/// What `source` printed, run against a service that `test` may then look at.
pub(crate) fn printed_against<A: Api, T>(
    api: A,
    hosts: &[&str],
    source: &str,
    look: impl FnOnce(&A) -> T,
) -> (String, T) {
    block_on(async {
        let server = served(api).await;
        let report = reaching(&server, hosts, source).perform(Purpose::Run).await;
        (succeeded(report), look(server.api()))
    })
}

/// Runs a fixture hook for a fixture event, with these secrets.
pub(crate) async fn run_hook(
    server: &ApiServer<impl Api>,
    hosts: &[&str],
    hook: &str,
    event: &str,
    secrets: &[(&str, &str)],
) -> RunReport {
    let fixtures = workspace().join("fixtures");
    let template = fs::read(fixtures.join("hooks").join(hook)).expect("the hook is there");
    let event = fs::read(fixtures.join("events").join(event)).expect("the event is there");
    let event = Event::from_json(&event).expect("an event");
    let mut values = Mapping::default().resolve(&event, Some("pba.example.com"));
    for (name, value) in secrets {
        values.insert(format!("secret.{name}").parse().expect("a token"), *value);
    }
    let rendered = Template::parse(&template, hook)
        .expect("the hook parses")
        .render(&values)
        .expect("the event renders");
    let run = TestRun {
        secrets: rendered.secrets,
        ..reaching(server, hosts, rendered.script)
    };
    run.perform(Purpose::Run).await
}

/// What a run that had to fail wrote to standard error.
pub(crate) fn failed(report: &RunReport) -> String {
    assert_eq!(report.outcome, Outcome::Failed, "{}", stderr(report));
    stderr(report)
}
