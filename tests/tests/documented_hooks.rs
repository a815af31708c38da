//! The two hooks of the product's documentation, as a user would paste them, against real HTTPS servers.

use std::fs;
use std::process::Command;
use std::time::Duration;

use codehook_egress::{ConnectTo, Policy, PrivateNetworks};
use codehook_sandbox::{Outcome, Purpose, RunReport};
use codehook_template::{Event, Mapping, Template};
use codehook_tests::servers::mocks;
use codehook_tests::{TestRun, block_on, stderr, stdout, target, trusting, workspace};
use mock_services::{INTERFAX_HOST, MockConfig, MockServices, OKTA_HOST, OktaStatus};

const OKTA_TOKEN: &str = "mock-okta-token";

/// Renders a fixture hook for a fixture event, changed by `edit` first.
fn rendered(
    hook: &str,
    event: &str,
    edit: impl FnOnce(&mut serde_json::Value),
) -> (Vec<u8>, Vec<String>) {
    let fixtures = workspace().join("fixtures");
    let template = fs::read(fixtures.join("hooks").join(hook)).expect("the hook is there");
    let event = fs::read(fixtures.join("events").join(event)).expect("the event is there");
    let mut event: serde_json::Value = serde_json::from_slice(&event).expect("the event is JSON");
    edit(&mut event);
    let event = Event::from_json(event.to_string().as_bytes()).expect("an event");
    let mut values = Mapping::default().resolve(&event, Some("pba.example.com"));
    for (name, value) in [
        ("OKTA_TOKEN", OKTA_TOKEN),
        ("INTERFAX_USERNAME", "mock-user"),
        ("INTERFAX_PASSWORD", "mock-password"),
    ] {
        values.insert(format!("secret.{name}").parse().expect("a token"), value);
    }
    let rendered = Template::parse(&template, hook)
        .expect("the hook parses")
        .render(&values)
        .expect("the event renders");
    (rendered.script, rendered.secrets)
}

/// Runs a script that may reach the mock services by their public names.
async fn run_against(mocks: &MockServices, (script, secrets): (Vec<u8>, Vec<String>)) -> RunReport {
    let connect = |host: &str, address: std::net::SocketAddr| -> ConnectTo {
        format!("{host}:443:{}:{}", address.ip(), address.port())
            .parse()
            .expect("a connect-to rule")
    };
    let run = TestRun {
        policy: Policy {
            allow: vec![
                OKTA_HOST.parse().expect("a host"),
                INTERFAX_HOST.parse().expect("a host"),
            ],
            private_networks: PrivateNetworks::Opened,
            connect_to: vec![
                connect(OKTA_HOST, mocks.okta_addr()),
                connect(INTERFAX_HOST, mocks.interfax_addr()),
            ],
            ..Policy::default()
        },
        egress: trusting(mocks.ca_pem()),
        secrets,
        ..TestRun::new(script).within(Duration::from_secs(30))
    };
    run.perform(Purpose::Run).await
}

/// Everybody who is suspended; one of the preset users is from the start.
fn suspended(mocks: &MockServices) -> Vec<String> {
    let users = mocks.okta_users().into_iter();
    users
        .filter(|user| user.status == OktaStatus::Suspended)
        .map(|user| user.email)
        .collect()
}

fn status_of(mocks: &MockServices, email: &str) -> OktaStatus {
    mocks
        .okta_users()
        .into_iter()
        .find(|user| user.email == email)
        .expect("the user exists")
        .status
}

#[test]
fn the_okta_hook_suspends_exactly_the_user_of_the_event() {
    block_on(async {
        let mocks = mocks().await;
        let email = "maria.reyes@example.com";
        let before = suspended(&mocks);
        let report = run_against(
            &mocks,
            rendered("okta_suspend_user.py", "alert.json", |_| {}),
        )
        .await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        assert_eq!(
            stdout(&report),
            format!("Successfully suspended user: {email}\n")
        );
        let mut after = suspended(&mocks);
        after.retain(|user| !before.contains(user));
        assert_eq!(after, [email]);
        let requests = mocks.requests();
        let calls: Vec<&str> = requests
            .iter()
            .map(|request| request.method.as_str())
            .collect();
        assert_eq!(calls, ["GET", "POST"]);
        for request in &requests {
            assert_eq!(
                request.header("authorization"),
                Some(format!("SSWS {OKTA_TOKEN}").as_str())
            );
        }
        let statuses: Vec<Option<u16>> = report.http.iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [Some(200), Some(200)]);
    });
}

#[test]
fn the_okta_hook_answers_user_not_found_where_there_is_none() {
    block_on(async {
        let mocks = mocks().await;
        let before = suspended(&mocks);
        let script = rendered("okta_suspend_user.py", "alert.json", |event| {
            event["UserEmail"] = "nobody@example.com".into();
        });
        let report = run_against(&mocks, script).await;
        assert_eq!(stdout(&report), "user not found\n", "{}", stderr(&report));
        assert_eq!(suspended(&mocks), before);
        assert_eq!(mocks.requests().len(), 1);
    });
}

#[test]
fn an_address_with_quotes_and_plus_reaches_okta_unchanged() {
    block_on(async {
        let mocks = mocks().await;
        let report = run_against(
            &mocks,
            rendered("okta_suspend_user.py", "warning.json", |_| {}),
        )
        .await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        assert_eq!(
            status_of(&mocks, "zoe.o'brien+pba@example.com"),
            OktaStatus::Suspended
        );
    });
}

#[test]
fn a_wrong_token_is_not_shown_anywhere() {
    block_on(async {
        let config = MockConfig {
            okta_token: "another-token".to_owned(),
            ..MockConfig::default()
        };
        let mocks = MockServices::start(config).await.expect("the mocks start");
        let (script, secrets) = rendered("okta_suspend_user.py", "alert.json", |_| {});
        let mut script = script;
        script.extend_from_slice(b"\nprint opener.addheaders\n");
        let report = run_against(&mocks, (script, secrets)).await;
        assert_eq!(report.outcome, Outcome::Failed);
        assert!(
            stderr(&report).contains("HTTP Error 401"),
            "{}",
            stderr(&report)
        );
        assert!(!format!("{report:?}").contains(OKTA_TOKEN));
        assert!(!stderr(&report).contains(OKTA_TOKEN));
    });
}

/// Runs poppler's tools, which judge the PDF as a reader would.
fn poppler(tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .expect("poppler-utils is installed");
    assert!(
        output.status.success(),
        "{tool}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_fax_hook_uploads_a_one_page_pdf_with_the_values_of_the_event() {
    block_on(async {
        let mocks = mocks().await;
        let report = run_against(&mocks, rendered("fax_alert.py", "alert.json", |_| {})).await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        assert!(stdout(&report).contains("Status:"), "{}", stdout(&report));
        assert_eq!(
            (report.tmp_leftovers.files, report.tmp_leftovers.bytes),
            (0, 0)
        );
        let faxes = mocks.faxes();
        assert_eq!(faxes.len(), 1);
        assert_eq!(faxes[0].number, "+99999990");
        let path = target().join("documented-fax.pdf");
        fs::write(&path, &faxes[0].pdf).expect("target/ is writable");
        let path = path.to_str().expect("a UTF-8 path");
        let info = poppler("pdfinfo", &[path]);
        assert!(info.contains("Pages:           1"), "{info}");
        assert!(info.contains("(A4)"), "{info}");
        let text = poppler("pdftotext", &["-layout", path, "-"]);
        let event =
            fs::read(workspace().join("fixtures/events/alert.json")).expect("the event is there");
        let event: serde_json::Value = serde_json::from_slice(&event).expect("JSON");
        for field in [
            "UserName",
            "UserId",
            "EventId",
            "StartDate",
            "EndDate",
            "Interval",
            "RiskScore",
            "Severity",
            "Threshold",
        ] {
            let value = event[field]
                .as_str()
                .map_or_else(|| event[field].to_string(), ToOwned::to_owned);
            assert!(text.contains(&value), "{field} = {value} is not in\n{text}");
        }
        assert!(text.contains("pba.example.com"), "{text}");
        assert!(
            mocks
                .requests()
                .iter()
                .all(|request| request.service == "interfax")
        );
    });
}

#[test]
fn the_fax_hook_survives_percent_signs_and_non_ascii_values() {
    block_on(async {
        let mocks = mocks().await;
        let script = rendered("fax_alert.py", "warning.json", |event| {
            event["UserName"] = "100%s 5% Zoë".into();
        });
        let report = run_against(&mocks, script).await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        let path = target().join("percent-fax.pdf");
        fs::write(&path, &mocks.faxes()[0].pdf).expect("target/ is writable");
        let text = poppler(
            "pdftotext",
            &["-layout", path.to_str().expect("a UTF-8 path"), "-"],
        );
        assert!(text.contains("100%s 5% Zoë"), "{text}");
    });
}
