//! PagerDuty through both of its packages.

use codehook_sandbox::Outcome;
use codehook_tests::{block_on, stderr, stdout};
use mock_services::{PagerDuty, PagerDutyKeys};

use crate::Use;
use crate::service::{failed, printed_against, run_hook, served};

pub(crate) const USES: &[Use] = &[
    ("pdpyras", pdpyras_triggers_resolves_and_opens_incidents),
    ("pygerduty", pygerduty_triggers_and_reads),
];

const HOSTS: &[&str] = &["events.pagerduty.com", "api.pagerduty.com"];
const INTEGRATION_KEY: &str = "0123456789abcdef0123456789abcdef";

fn pagerduty() -> PagerDuty {
    PagerDuty::new(PagerDutyKeys {
        integration: INTEGRATION_KEY.to_owned(),
        rest: "mock-rest-token".to_owned(),
        user_email: "bot@example.com".to_owned(),
    })
}

#[test]
fn pdpyras_triggers_resolves_and_opens_incidents() {
    let (printed, (alerts, incidents)) = printed_against(
        pagerduty(),
        HOSTS,
        r#"
import pdpyras
events = pdpyras.EventsAPISession('0123456789abcdef0123456789abcdef')
key = events.trigger(u'Risk 92.5 for Zo\xeb', 'pba.example.com', severity='error', custom_details={'user': 17})
print key == events.trigger('the same', 'pba.example.com', dedup_key=key), events.resolve(key) == key
for wrong in (lambda: events.trigger('x', 'pba.example.com', severity='utmost'),
              lambda: pdpyras.EventsAPISession('other').trigger('x', 'pba.example.com')):
    try:
        wrong()
    except pdpyras.PDClientError as error:
        print error.response.status_code, error.response.json()['errors']
api = pdpyras.APISession('mock-rest-token', default_from='bot@example.com')
incident = api.rpost('incidents', json={'type': 'incident', 'title': 'Risk', 'service': {'id': 'PSECOPS', 'type': 'service_reference'}})
print incident['id'], api.rput(incident, json={'type': 'incident', 'status': 'acknowledged'})['status']
print [one['title'] for one in api.iter_all('incidents')]
try:
    pdpyras.APISession('other').rget('services/PSECOPS')
except pdpyras.PDClientError as error:
    print error.response.status_code
"#,
        |pagerduty| (pagerduty.alerts.all(), pagerduty.incidents.all()),
    );
    assert_eq!(
        printed,
        "True True\n\
         400 [u\"'payload.severity' is invalid (must be one of 'critical', 'warning', 'error' or 'info')\"]\n\
         400 [u\"'routing_key' is missing or invalid\"]\n\
         PINC001 acknowledged\n[u'Risk']\n401\n"
    );
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["summary"], "Risk 92.5 for Zoë");
    assert_eq!(alerts[0]["status"], "resolved");
    assert_eq!(alerts[0]["details"]["user"], 17);
    assert_eq!(incidents[0]["status"], "acknowledged");
}

#[test]
fn pygerduty_triggers_and_reads() {
    let (printed, alerts) = printed_against(
        pagerduty(),
        HOSTS,
        r#"
import pygerduty.events, pygerduty.v2
events = pygerduty.events.Events('0123456789abcdef0123456789abcdef')
key = events.trigger_incident(u'Risk 92.5 for Zo\xeb', incident_key='user-17', details={'risk': 92.5})
print key, events.acknowledge_incident(key) == key
api = pygerduty.v2.PagerDuty('mock-rest-token')
print api.services.show('PSECOPS').name
for wrong in (lambda: pygerduty.events.Events('other').trigger_incident('x'),
              lambda: pygerduty.v2.PagerDuty('other').services.show('PSECOPS')):
    try:
        wrong()
    except Exception as error:
        print type(error).__name__
"#,
        |pagerduty| pagerduty.alerts.all(),
    );
    assert_eq!(
        printed,
        "user-17 True\nSecurity operations\nBadRequest\nHTTPError\n"
    );
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["status"], "acknowledged");
    assert_eq!(alerts[0]["details"]["risk"], 92.5);
}

#[test]
fn the_hook_pages_once_for_a_user() {
    block_on(async {
        let server = served(pagerduty()).await;
        let right = [("PAGERDUTY_ROUTING_KEY", INTEGRATION_KEY)];
        for _ in 0..2 {
            let report =
                run_hook(&server, HOSTS, "pagerduty_trigger.py", "alert.json", &right).await;
            assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
            assert_eq!(stdout(&report), "Alert pba-user-1024\n");
        }
        let alerts = server.api().alerts.all();
        assert_eq!(alerts.len(), 1);
        assert_eq!(
            alerts[0]["summary"],
            "Alert: risk score 92.5 for Maria Reyes"
        );
        let wrong = [("PAGERDUTY_ROUTING_KEY", "other")];
        let report = run_hook(&server, HOSTS, "pagerduty_trigger.py", "alert.json", &wrong).await;
        assert!(failed(&report).contains("400"), "{}", stderr(&report));
    });
}
