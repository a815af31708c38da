//! Jira, ServiceNow and Zendesk: tickets opened, found again and changed.

use codehook_sandbox::Outcome;
use codehook_tests::{block_on, stderr, stdout};
use mock_services::{Jira, ServiceNow, Zendesk};
use serde_json::json;

use crate::Use;
use crate::service::{failed, printed_against, run_hook, served};

pub(crate) const USES: &[Use] = &[
    ("jira", jira_opens_comments_moves_and_attaches),
    ("pysnow", pysnow_inserts_queries_and_updates),
    ("zenpy", zenpy_creates_finds_and_solves_a_ticket),
];

const JIRA: &[&str] = &["example.atlassian.net"];
const SERVICE_NOW: &[&str] = &["example.service-now.com"];

fn jira() -> Jira {
    Jira::new("bot@example.com", "mock-api-token", "SEC")
}

fn service_now() -> ServiceNow {
    ServiceNow::new("bot", "mock-password")
}

#[test]
fn jira_opens_comments_moves_and_attaches() {
    let (printed, issues) = printed_against(
        jira(),
        JIRA,
        r#"
import io
from jira import JIRA, JIRAError
jira = JIRA('https://example.atlassian.net', basic_auth=('bot@example.com', 'mock-api-token'))
print jira.server_info()['deploymentType'], jira.project('SEC').name
issue = jira.create_issue(fields={'project': {'key': 'SEC'}, 'issuetype': {'name': 'Incident'}, 'labels': ['pba'],
                                  'summary': u'Risk 92.5 for Zo\xeb', 'description': 'one\ntwo'})
print issue.key, issue.fields.status.name, issue.fields.issuetype.name
print jira.add_comment(issue, u'seen by Zo\xeb').body == u'seen by Zo\xeb'
print jira.add_attachment(issue, io.BytesIO('a;b\n'), filename='report.csv').size
print [(step['id'], step['name']) for step in jira.transitions(issue)]
jira.transition_issue(issue, 'Done', comment='handled')
print jira.issue('SEC-1').fields.status.name, [found.key for found in jira.search_issues('project = SEC AND labels = pba')]
for call in (lambda: jira.create_issue(project='SEC', issuetype={'name': 'Wish'}, summary=''),
             lambda: jira.transition_issue(issue, '11'),
             lambda: jira.issue('SEC-99'),
             lambda: JIRA('https://example.atlassian.net', basic_auth=('bot@example.com', 'other'), max_retries=0)):
    try:
        call()
    except JIRAError as error:
        print error.status_code, error.text.replace('\n', ' ')[:60]
"#,
        |jira| jira.issues.all(),
    );
    assert_eq!(
        printed,
        "Cloud Security\nSEC-1 To Do Incident\nTrue\n4\n[(u'11', u'In Progress'), (u'21', u'Done')]\nDone [u'SEC-1']\n\
         400 The issue type selected is invalid., project is required, Yo\n\
         400 It seems that you have tried to perform an illegal workflow \n\
         404 Issue does not exist or you do not have permission to see it\n\
         401 Client must be authenticated to access this resource.\n"
    );
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0]["fields"]["summary"], "Risk 92.5 for Zoë");
    assert_eq!(issues[0]["comments"], json!(["seen by Zoë", "handled"]));
    assert_eq!(
        issues[0]["attachments"],
        json!([{ "filename": "report.csv", "content": "a;b\n" }])
    );
}

#[test]
fn the_jira_hook_opens_one_issue_for_a_user_and_comments_on_it() {
    block_on(async {
        let server = served(jira()).await;
        let secrets = [
            ("JIRA_USER", "bot@example.com"),
            ("JIRA_API_TOKEN", "mock-api-token"),
        ];
        for expected in ["Opened SEC-1\n", "Commented on SEC-1\n"] {
            let report = run_hook(
                &server,
                JIRA,
                "jira_open_issue.py",
                "warning.json",
                &secrets,
            )
            .await;
            assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
            assert_eq!(stdout(&report), expected);
        }
        let issues = server.api().issues.all();
        assert_eq!(issues.len(), 1);
        let summary = issues[0]["fields"]["summary"].as_str().expect("text");
        assert!(summary.contains("Zoë"), "{summary}");
        let comments = issues[0]["comments"].as_array().expect("a list");
        assert_eq!(comments.len(), 1);
        let comment = comments[0].as_str().expect("text");
        assert!(comment.contains("https://pba.example.com/eventdetails/"));
    });
}

#[test]
fn pysnow_inserts_queries_and_updates() {
    let (printed, incidents) = printed_against(
        service_now(),
        SERVICE_NOW,
        r#"
import pysnow, requests
client = pysnow.Client(instance='example', user='bot', password='mock-password')
incidents = client.resource(api_path='/table/incident')
made = incidents.create(payload={'short_description': u'Risk 92.5 for Zo\xeb', 'urgency': 1, 'active': True}).one()
incidents.create(payload={'short_description': 'Other', 'urgency': 3})
print made['number'], made['urgency'], made['active']
found = incidents.get(query={'number': made['number']}, stream=True)
print found.one()['short_description'] == u'Risk 92.5 for Zo\xeb'
query = pysnow.QueryBuilder().field('short_description').starts_with('Risk').AND().field('urgency').equals('1')
print [one['sys_id'] for one in incidents.get(query=query, fields=['sys_id']).all()] == [made['sys_id']]
print [one['number'] for one in incidents.get(query=pysnow.QueryBuilder().field('urgency').order_descending(), limit=1).all()]
print incidents.update(query={'sys_id': made['sys_id']}, payload={'state': '6', 'close_notes': 'handled'}).one()['state']
print incidents.get(query={'number': 'INC9'}, stream=True).first_or_none()
incidents.delete(query={'short_description': 'Other'})
try:
    pysnow.Client(instance='example', user='bot', password='other').resource(api_path='/table/incident').get(query={}).all()
except requests.HTTPError as error:
    print error.response.status_code
"#,
        |service_now| service_now.incidents.all(),
    );
    assert_eq!(
        printed,
        "INC0010001 1 true\nTrue\nTrue\n[u'INC0010002']\n6\nNone\n401\n"
    );
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["state"], "6");
    assert_eq!(incidents[0]["close_notes"], "handled");
}

#[test]
fn the_servicenow_hook_opens_an_incident_once() {
    block_on(async {
        let server = served(service_now()).await;
        let secrets = [
            ("SERVICENOW_USER", "bot"),
            ("SERVICENOW_PASSWORD", "mock-password"),
        ];
        for expected in [
            "Opened incident INC0010001\n",
            "Incident INC0010001 is there already\n",
        ] {
            let report = run_hook(
                &server,
                SERVICE_NOW,
                "servicenow_open_incident.py",
                "warning.json",
                &secrets,
            )
            .await;
            assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
            assert_eq!(stdout(&report), expected);
        }
        let incidents = server.api().incidents.all();
        assert_eq!(incidents.len(), 1);
        let description = incidents[0]["short_description"].as_str().expect("text");
        assert!(description.contains("Zoë"), "{description}");
        let wrong = [secrets[0], ("SERVICENOW_PASSWORD", "other")];
        let report = run_hook(
            &server,
            SERVICE_NOW,
            "servicenow_open_incident.py",
            "alert.json",
            &wrong,
        )
        .await;
        assert!(failed(&report).contains("401"), "{}", stderr(&report));
    });
}

#[test]
fn zenpy_creates_finds_and_solves_a_ticket() {
    let (printed, tickets) = printed_against(
        Zendesk::new("bot@example.com", "mock-api-token"),
        &["example.zendesk.com"],
        r#"
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket
from zenpy.lib.exception import APIException, RecordNotFoundException
zendesk = Zenpy(subdomain='example', email='bot@example.com', token='mock-api-token')
made = zendesk.tickets.create(Ticket(subject=u'Risk 92.5 for Zo\xeb', priority='high', tags=['pba'],
                                     comment=Comment(body=u'Zo\xeb, 2024-05-14'))).ticket
print made.id, made.status
found = list(zendesk.search(type='ticket', tags='pba', status='new'))
print [(ticket.id, ticket.subject == u'Risk 92.5 for Zo\xeb') for ticket in found]
found[0].status = 'solved'
found[0].comment = Comment(body='handled', public=False)
print zendesk.tickets.update(found[0]).ticket.status
for call in (lambda: zendesk.tickets(id=1), lambda: zendesk.tickets.create(Ticket(subject='x', priority='utmost')),
             lambda: Zenpy(subdomain='example', email='bot@example.com', token='other').tickets(id=made.id)):
    try:
        call()
    except RecordNotFoundException:
        print 'not found'
    except APIException as error:
        print error.response.status_code
"#,
        |zendesk| zendesk.tickets.all(),
    );
    assert_eq!(
        printed,
        "35436 new\n[(35436, True)]\nsolved\nnot found\n422\n401\n"
    );
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0]["status"], "solved");
    assert_eq!(tickets[0]["comments"][1], "handled");
}
