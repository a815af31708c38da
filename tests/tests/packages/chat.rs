//! Slack and Twilio: messages to people.

use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::{block_on, stderr, stdout};
use mock_services::{Slack, Twilio};

use crate::Use;
use crate::service::{failed, printed_against, reaching, run_hook, served};

pub(crate) const USES: &[Use] = &[
    ("slackclient", slackclient_posts_answers_updates_and_uploads),
    ("twilio", twilio_sends_a_text_message),
    (
        "websocket-client",
        slack_s_real_time_api_is_refused_with_the_way_out,
    ),
];

const SLACK: &[&str] = &["slack.com", "hooks.slack.com"];
const WEBHOOK: &str = "/services/T000/B000/XXXX";

fn slack() -> Slack {
    Slack::new(
        "xoxb-mock-token",
        WEBHOOK,
        &[("security-alerts", "C024BE91L")],
    )
}

#[test]
fn slackclient_posts_answers_updates_and_uploads() {
    let (printed, (messages, files)) = printed_against(
        slack(),
        SLACK,
        r#"
from slackclient import SlackClient
slack = SlackClient('xoxb-mock-token')
print slack.api_call('auth.test')['user']
posted = slack.api_call('chat.postMessage', channel='#security-alerts', text=u'Zo\xeb &amp; co', timeout=10,
                        attachments=[{'title': 'Event', 'fields': [{'title': 'Risk', 'value': '92.5'}]}])
print posted['ok'], posted['channel'], posted['message']['text'] == u'Zo\xeb &amp; co'
slack.api_call('chat.postMessage', channel=posted['channel'], text='in the thread', thread_ts=posted['ts'])
print slack.api_call('chat.update', channel=posted['channel'], ts=posted['ts'], text='handled')['ok']
uploaded = slack.api_call('files.upload', channels=['C024BE91L'], filename='report.csv', file=('report.csv', 'a;b\n1;2\n'))
print uploaded['file']['size']
for call in (dict(channel='#nowhere', text='x'), dict(channel='#security-alerts')):
    print slack.api_call('chat.postMessage', **call)['error'],
print SlackClient('xoxb-other').api_call('chat.postMessage', channel='#security-alerts', text='x')['error']
"#,
        |slack| (slack.messages.all(), slack.files.all()),
    );
    assert_eq!(
        printed,
        "codehook\nTrue C024BE91L True\nTrue\n8\nchannel_not_found no_text invalid_auth\n"
    );
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["text"], "handled");
    assert_eq!(messages[0]["attachments"][0]["fields"][0]["value"], "92.5");
    assert_eq!(messages[1]["thread_ts"], messages[0]["ts"]);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["name"], "report.csv");
    assert_eq!(files[0]["content"], "a;b\n1;2\n");
}

#[test]
fn a_webhook_takes_json_from_any_http_client() {
    let (printed, messages) = printed_against(
        slack(),
        SLACK,
        r#"
import json, requests, urllib, urllib2
url = 'https://hooks.slack.com/services/T000/B000/XXXX'
print requests.post(url, json={'text': u'Zo\xeb'}).text
print urllib2.urlopen(url, urllib.urlencode({'payload': json.dumps({'text': 'again'})})).read()
print requests.post(url + 'x', json={'text': 'x'}).status_code, requests.post(url, data='{').text
"#,
        |slack| slack.messages.all(),
    );
    assert_eq!(printed, "ok\nok\n404 no_text\n");
    let texts: Vec<_> = messages.iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["Zoë", "again"]);
}

#[test]
fn slack_s_real_time_api_is_refused_with_the_way_out() {
    block_on(async {
        let server = served(slack()).await;
        let source =
            "import websocket\nwebsocket.create_connection('wss://slack.com/socket', timeout=5)\n";
        let report = reaching(&server, SLACK, source).perform(Purpose::Run).await;
        let text = failed(&report);
        assert!(text.contains("WebSocket"), "{text}");
    });
}

#[test]
fn the_hook_posts_its_event_and_fails_when_slack_refuses() {
    block_on(async {
        let server = served(slack()).await;
        let right = [("SLACK_TOKEN", "xoxb-mock-token")];
        let report = run_hook(
            &server,
            SLACK,
            "slack_post_alert.py",
            "warning.json",
            &right,
        )
        .await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        assert!(
            stdout(&report).starts_with("Posted to C024BE91L as "),
            "{}",
            stdout(&report)
        );
        let message = &server.api().messages.all()[0];
        let text = message["text"].as_str().expect("text");
        assert!(text.contains("Zoë"), "{text}");
        assert!(
            message["attachments"][0]["title_link"]
                .as_str()
                .is_some_and(|link| link.starts_with("https://pba.example.com/eventdetails/"))
        );
        let wrong = [("SLACK_TOKEN", "xoxb-other")];
        let report = run_hook(&server, SLACK, "slack_post_alert.py", "alert.json", &wrong).await;
        assert!(
            failed(&report).contains("invalid_auth"),
            "{}",
            stderr(&report)
        );
        assert_eq!(server.api().messages.all().len(), 1);
    });
}

#[test]
fn twilio_sends_a_text_message() {
    let (printed, messages) = printed_against(
        Twilio::new("ACmock", "mock-auth-token", "+15005550006"),
        &["api.twilio.com"],
        r#"
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
client = Client('ACmock', 'mock-auth-token')
message = client.messages.create(to='+4712345678', from_='+15005550006', body=u'Risk 92.5 for Zo\xeb')
print message.status, message.sid == client.messages(message.sid).fetch().sid, message.date_created
for sender, number, token in (('+15005550006', '12', 'mock-auth-token'), ('+1', '+4712345678', 'mock-auth-token'),
                              ('+15005550006', '+4712345678', 'other')):
    try:
        Client('ACmock', token).messages.create(to=number, from_=sender, body='x')
    except TwilioRestException as error:
        print error.status, error.code
"#,
        |twilio| twilio.messages.all(),
    );
    assert_eq!(
        printed,
        "queued True 2024-05-14 09:00:00+00:00\n400 21211\n400 21606\n401 20003\n"
    );
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["body"], "Risk 92.5 for Zoë");
}
