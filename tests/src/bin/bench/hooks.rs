//! The documented Okta hook with servers for it, so that it can be run over and over.

use std::fs;

use anyhow::Context;
use codehook_egress::{ConnectTo, Policy, PrivateNetworks};
use codehook_template::{Event, Mapping, Template};
use codehook_tests::workspace;
use mock_services::{MockConfig, MockServices, OKTA_HOST, OktaUser};
use tokio::runtime::Runtime;

const OKTA_TOKEN: &str = "mock-okta-token";

/// A mock Okta with one user for each run, on a runtime of its own.
pub(crate) struct Okta {
    template: Template,
    event: serde_json::Value,
    mocks: MockServices,
    _serving: Runtime,
}

impl Okta {
    /// Knows users `0` to `users`.
    pub(crate) fn start(users: usize) -> anyhow::Result<Self> {
        let fixtures = workspace().join("fixtures");
        let hook = fs::read(fixtures.join("hooks/okta_suspend_user.py"))?;
        let event = fs::read(fixtures.join("events/alert.json"))?;
        let serving = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let okta_users = (0..users)
            .map(|number| {
                let id = format!("00u{number:017}");
                OktaUser::active(&id, "Ann", "Example", &email(number))
            })
            .collect();
        let mocks = serving.block_on(MockServices::start(MockConfig {
            okta_users,
            ..MockConfig::default()
        }))?;
        Ok(Self {
            template: Template::parse(&hook, "okta_suspend_user.py")?,
            event: serde_json::from_slice(&event)?,
            mocks,
            _serving: serving,
        })
    }

    /// The hook as rendered for an event about user `number`.
    pub(crate) fn script(&self, number: usize) -> anyhow::Result<Vec<u8>> {
        let mut event = self.event.clone();
        event["UserEmail"] = email(number).into();
        let event = Event::from_json(event.to_string().as_bytes())?;
        let mut values = Mapping::default().resolve(&event, Some("pba.example.com"));
        let token = "secret.OKTA_TOKEN".parse().ok().context("a token's name")?;
        values.insert(token, OKTA_TOKEN);
        Ok(self.template.render(&values)?.script)
    }

    /// The same for an interpreter with the system's sockets, which has to be told where the mock is.
    pub(crate) fn native_script(&self, number: usize) -> anyhow::Result<Vec<u8>> {
        let script = String::from_utf8(self.script(number)?)?;
        let here = format!("localhost:{}", self.mocks.okta_addr().port());
        Ok(script.replace(OKTA_HOST, &here).into_bytes())
    }

    /// What the hook prints for user `number`.
    pub(crate) fn expected(number: usize) -> String {
        format!("Successfully suspended user: {}\n", email(number))
    }

    pub(crate) fn ca_pem(&self) -> &str {
        self.mocks.ca_pem()
    }

    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let address = self.mocks.okta_addr();
        let to: ConnectTo =
            format!("{OKTA_HOST}:443:{}:{}", address.ip(), address.port()).parse()?;
        Ok(Policy {
            allow: vec![OKTA_HOST.parse()?],
            private_networks: PrivateNetworks::Opened,
            connect_to: vec![to],
            ..Policy::default()
        })
    }
}

fn email(number: usize) -> String {
    format!("user-{number}@example.com")
}
