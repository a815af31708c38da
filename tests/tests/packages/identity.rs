//! Duo, Okta and OAuth: who somebody is, and who may ask.

use std::time::Duration;

use codehook_egress::{ConnectTo, Policy, PrivateNetworks};
use codehook_sandbox::Purpose;
use codehook_tests::servers::mocks;
use codehook_tests::{TestRun, block_on, trusting};
use mock_services::{Duo, OAuth, OAuth1Client, OAuth2Client, OKTA_HOST, OktaStatus};

use crate::service::printed_against;
use crate::{Use, succeeded};

pub(crate) const USES: &[Use] = &[
    ("duo_client", duo_client_signs_every_call),
    ("okta", okta_leads_an_account_from_creation_to_deletion),
    ("requests-oauthlib", oauth_1_and_2_give_tokens_and_take_them),
];

const DUO: &str = "api-1234abcd.duosecurity.com";

#[test]
fn duo_client_signs_every_call() {
    let (printed, (users, pushes)) = printed_against(
        Duo::new(
            DUO,
            "DIMOCKMOCKMOCKMOCKMO",
            "mock-secret-key",
            &["maria", "zoë"],
        ),
        &[DUO],
        r#"
import hashlib, duo_client
keys = ('DIMOCKMOCKMOCKMOCKMO', 'mock-secret-key', 'api-1234abcd.duosecurity.com')
auth = duo_client.Auth(*keys)
print auth.check()['time'], auth.preauth(username='maria')['devices'][0]['capabilities']
print auth.auth('push', username=u'zo\xeb', device='auto', type='Alert & more', pushinfo='from=hook')['result']
# The digests and versions that scripts of each age ask for.
for options in ({'digestmod': hashlib.sha1}, {'digestmod': hashlib.sha512}, {'sig_version': 4, 'digestmod': hashlib.sha512}):
    admin = duo_client.Admin(*keys, **options)
    print [user['user_id'] for user in admin.get_users_by_name('maria')],
    print admin.update_user('DUMOCK00000000000000', status='disabled')['status']
print auth.auth('push', username='maria', device='auto')['result']
for wrong in ((keys[0], 'other', keys[2]), ('DIOTHER', keys[1], keys[2])):
    try:
        duo_client.Auth(*wrong).check()
    except RuntimeError as error:
        print error
"#,
        |duo| (duo.users.all(), duo.pushes.all()),
    );
    assert_eq!(
        printed,
        "1715677200 [u'push']\nallow\n\
         [u'DUMOCK00000000000000'] disabled\n[u'DUMOCK00000000000000'] disabled\n[u'DUMOCK00000000000000'] disabled\n\
         deny\n\
         Received 401 Invalid signature in request credentials\nReceived 401 Invalid signature in request credentials\n"
    );
    assert_eq!(users[0]["status"], "disabled");
    assert_eq!(pushes, [serde_json::json!({ "username": "zoë" })]);
}

#[test]
fn okta_leads_an_account_from_creation_to_deletion() {
    block_on(async {
        let mocks = mocks().await;
        let address = mocks.okta_addr();
        let rule: ConnectTo = format!("{OKTA_HOST}:443:{}:{}", address.ip(), address.port())
            .parse()
            .expect("a connect-to rule");
        let run = TestRun {
            policy: Policy {
                allow: vec![OKTA_HOST.parse().expect("a host")],
                private_networks: PrivateNetworks::Opened,
                connect_to: vec![rule],
                ..Policy::default()
            },
            egress: trusting(mocks.ca_pem()),
            ..TestRun::new(OKTA_SCRIPT).within(Duration::from_secs(30))
        };
        let printed = succeeded(run.perform(Purpose::Run).await);
        assert_eq!(
            printed,
            "STAGED True\nACTIVE\nSUSPENDED\nACTIVE 2023\nDEPROVISIONED\nE0000007\nE0000001\nE0000011\n"
        );
        let users = mocks.okta_users();
        assert!(users.iter().all(|user| user.email != "new@example.com"));
        assert!(
            users
                .iter()
                .any(|user| user.email == "maria.reyes@example.com"
                    && user.status == OktaStatus::Suspended)
        );
    });
}

const OKTA_SCRIPT: &str = r#"
from okta import UsersClient
from okta.framework.OktaError import OktaError
from okta.models.user import User
users = UsersClient('https://example.okta.com', 'mock-okta-token')
made = users.create_user(User(login='new@example.com', email='new@example.com', firstName=u'Zo\xeb', lastName='New'), activate=False)
print made.status, made.profile.firstName == u'Zo\xeb'
users.activate_user(made.id)
print users.get_user(made.id).status
users.suspend_user(made.id)
print users.get_user('new@example.com').status
users.unsuspend_user(made.id)
print users.get_user(made.id).status, made.created.year
users.deactivate_user(made.id)
print users.get_user(made.id).status
users.delete_user(made.id)
maria = [user for user in users.get_users(query='maria.reyes@example.com', limit=5) if user.profile.email == 'maria.reyes@example.com']
users.suspend_user(maria[0].id)
for wrong in (lambda: users.get_user(made.id), lambda: users.suspend_user(maria[0].id),
              lambda: UsersClient('https://example.okta.com', 'other').get_users()):
    try:
        wrong()
    except OktaError as error:
        print error.error_code
"#;

#[test]
fn oauth_1_and_2_give_tokens_and_take_them() {
    let oauth1 = OAuth1Client {
        key: "consumer".to_owned(),
        secret: "consumer's & secret".to_owned(),
        verifier: "473f82d3".to_owned(),
    };
    let oauth2 = OAuth2Client {
        id: "client".to_owned(),
        secret: "client's secret".to_owned(),
        scope: "events".to_owned(),
    };
    let (printed, ()) = printed_against(
        OAuth::new(oauth1, oauth2),
        &["oauth1.example.com", "oauth2.example.com"],
        r#"
import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests_oauthlib import OAuth1, OAuth1Session, OAuth2Session
from requests_oauthlib.oauth1_session import TokenRequestDenied
consumer = ('consumer', "consumer's & secret")
session = OAuth1Session(*consumer, callback_uri='https://hook.example.com/back?a=b')
token = session.fetch_request_token('https://oauth1.example.com/oauth/request_token')
print session.authorization_url('https://oauth1.example.com/oauth/authorize')
session = OAuth1Session(*consumer, resource_owner_key=token['oauth_token'], resource_owner_secret=token['oauth_token_secret'],
                        verifier='473f82d3')
token = session.fetch_access_token('https://oauth1.example.com/oauth/access_token')
print token['oauth_token'], token['oauth_token_secret']
pair = (token['oauth_token'], token['oauth_token_secret'])
me = 'https://oauth1.example.com/api/me'
print requests.get(me + '?b=2&a=1+x&a=%C3%AB', auth=OAuth1(*(consumer + pair))).json()['name'],
print requests.post(me, data={'text': u'Zo\xeb & co', 'empty': ''}, auth=OAuth1(*(consumer + pair))).status_code,
print requests.post(me, json={'text': 'x'}, auth=OAuth1(*(consumer + pair))).status_code
for wrong in (OAuth1('consumer', 'other', *pair), OAuth1(*(consumer + ('other', pair[1]))), OAuth1(*(consumer + (pair[0], 'other'))),
              OAuth1(*(consumer + pair), timestamp='1'), None):
    print requests.get(me, auth=wrong).json()['error'],
try:
    OAuth1Session('other', 'x').fetch_request_token('https://oauth1.example.com/oauth/request_token')
except TokenRequestDenied as error:
    print error.status_code
session = OAuth2Session(client=BackendApplicationClient('client', scope=['events']))
print session.fetch_token('https://oauth2.example.com/oauth/token', client_id='client', client_secret="client's secret")['token_type'],
print session.get('https://oauth2.example.com/api/me').json()['name'], requests.get('https://oauth2.example.com/api/me').status_code
try:
    OAuth2Session(client=BackendApplicationClient('client')).fetch_token('https://oauth2.example.com/oauth/token', auth=('client', 'other'))
except OAuth2Error as error:
    print error.error
"#,
        |_| (),
    );
    assert_eq!(
        printed,
        "https://oauth1.example.com/oauth/authorize?oauth_token=request-token\n\
         access-token access token's secret\n\
         consumer 200 200\n\
         signature_invalid token_rejected signature_invalid timestamp_refused parameter_absent 401\n\
         Bearer client 401\n\
         invalid_client\n"
    );
}
