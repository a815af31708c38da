//! Servers on loopback, and what a script needs to reach them.

use codehook_egress::{Policy, PrivateNetworks};
use mock_services::{MockConfig, MockServices, TestServer, TestServerConfig};
use tokio::runtime::Runtime;

use crate::{TestRun, trusting};

/// Starts the mock services as they are by default.
pub async fn mocks() -> MockServices {
    MockServices::start(MockConfig::default())
        .await
        .expect("the mocks start")
}

/// Starts the HTTP test server as it is by default.
pub async fn test_server() -> TestServer {
    TestServer::start(TestServerConfig::default())
        .await
        .expect("the server starts")
}

/// A runtime with a thread of its own, on which a server goes on while the test does other things.
pub fn serving_runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A policy with which `localhost` may be reached at these ports.
pub fn local_access(ports: &[u16]) -> Policy {
    let rules = |ending: &str| -> Vec<String> {
        let rule = |port| format!("localhost:{port}{ending}");
        ports.iter().map(rule).collect()
    };
    let parsed = |rule: &String| rule.parse().expect("a rule");
    Policy {
        private_networks: PrivateNetworks::Opened,
        allow: rules("").iter().map(parsed).collect(),
        resolve: rules(":127.0.0.1")
            .iter()
            .map(|rule| rule.parse().expect("a rule"))
            .collect(),
        ..Policy::default()
    }
}

/// A run that may reach the server: `{http}` and `{https}` in its source are the server's base URLs.
pub fn run_with_server(server: &TestServer, source: &str) -> TestRun {
    let (http, https) = (server.http_addr().port(), server.https_addr().port());
    let source = source
        .replace("{http}", &format!("http://localhost:{http}"))
        .replace("{https}", &format!("https://localhost:{https}"));
    TestRun {
        policy: local_access(&[http, https]),
        egress: trusting(server.ca_pem()),
        ..TestRun::new(source)
    }
}
