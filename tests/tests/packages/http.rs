//! HTTP clients, and what belongs to them.

use std::time::Duration;

use codehook_egress::{Policy, PrivateNetworks};
use codehook_sandbox::Purpose;
use codehook_tests::servers::mocks;
use codehook_tests::{TestRun, block_on, trusting};
use mock_services::INTERFAX_HOST;

use crate::{Use, printed_with_server, prints, succeeded};

pub(crate) const USES: &[Use] = &[
    ("certifi", certifi_names_authorities_and_the_host_verifies),
    ("httplib2", httplib2_caches_and_authenticates),
    ("interfax", interfax_sends_a_fax_and_asks_for_it),
    (
        "ldap3",
        ldap3_works_without_a_server_and_says_that_there_can_be_none,
    ),
    ("requests", requests_sends_what_hooks_send),
    ("requests-toolbelt", requests_toolbelt_streams_a_form),
    ("urllib3", urllib3_pools_and_retries),
];

#[test]
fn requests_sends_what_hooks_send() {
    let printed = printed_with_server(
        r#"
import requests
session = requests.Session()
session.headers['X-Tenant'] = 'one'
session.auth = ('user', u'p\xe4ss'.encode('utf-8'))
echo = session.post('{https}/echo', params={'q': 'a b'}, json={'name': u'Zo\xeb'}).json()
headers = dict(echo['headers'])
print echo['method'], echo['query'], echo['body'], headers['x-tenant'], headers['content-type'], headers['authorization']
form = session.put('{http}/echo', data=[('a', '1'), ('a', '2')], files={'f': ('n.txt', 'text', 'text/plain')}).json()['body']
print form.count('name="a"'), 'filename="n.txt"' in form, form.count('text/plain')
moved = requests.get('{http}/redirect?to={https}/status/404')
print moved.status_code, [step.status_code for step in moved.history], moved.url.startswith('https:')
try:
    moved.raise_for_status()
except requests.HTTPError as error:
    print error.response.status_code
print sum(len(piece) for piece in requests.get('{http}/chunked/100000', stream=True).iter_content(4096))
try:
    requests.get('{http}/slow?ms=5000', timeout=0.2)
except requests.Timeout as error:
    print type(error).__name__
"#,
    );
    assert_eq!(
        printed,
        "POST q=a+b {\"name\": \"Zo\\u00eb\"} one application/json Basic dXNlcjpww6Rzcw==\n2 True 1\n404 [302] True\n404\n100000\nReadTimeout\n"
    );
}

#[test]
fn urllib3_pools_and_retries() {
    let printed = printed_with_server(
        r#"
import json, urllib3
pool = urllib3.PoolManager(retries=urllib3.Retry(total=2, backoff_factor=0, status_forcelist=[503]))
answer = pool.request('POST', '{https}/echo', fields={'a': '1', 'file': ('n', 'data')})
print answer.status, 'name="file"' in json.loads(answer.data)['body']
try:
    pool.request('GET', '{http}/status/503')
except urllib3.exceptions.MaxRetryError as error:
    print error.reason
print urllib3.util.parse_url('https://u@h.example:8443/p?q').port, pool.request('GET', '{http}/gzip').data,
"#,
    );
    assert_eq!(
        printed,
        format!(
            "200 True\ntoo many 503 error responses\n8443 {}",
            mock_services::GZIP_TEXT
        )
    );
}

#[test]
fn certifi_names_authorities_and_the_host_verifies() {
    // The server's authority is known to the host and not in certifi's file, so the host decided.
    let printed = printed_with_server(
        r#"
import certifi, requests
text = open(certifi.where()).read()
print text.count('-----BEGIN CERTIFICATE-----') == text.count('-----END CERTIFICATE-----') > 100
print requests.get('{https}/status/204', verify=certifi.where()).status_code
"#,
    );
    assert_eq!(printed, "True\n204\n");
}

#[test]
fn httplib2_caches_and_authenticates() {
    let printed = printed_with_server(
        r#"
import httplib2, json
http = httplib2.Http('/tmp/cache')
http.add_credentials('user', 'secret')
response, content = http.request('{https}/echo', 'POST', body='x=1', headers={'Content-Type': 'application/x-www-form-urlencoded'})
print response.status, json.loads(content)['body'], response['content-type']
url = '{http}/headers?Cache-Control=max-age%3D600&X-Once=1'
print [http.request(url)[0].fromcache for _ in range(2)]
print http.request('{http}/redirect?to={http}/status/200')[0].previous.status
"#,
    );
    assert_eq!(printed, "200 x=1 application/json\n[False, True]\n302\n");
}

#[test]
fn requests_toolbelt_streams_a_form() {
    let printed = printed_with_server(
        r#"
import requests
from io import BytesIO
from requests_toolbelt import MultipartEncoder, MultipartEncoderMonitor, user_agent
seen = []
form = MultipartEncoder({'comment': u'Zo\xeb', 'file': ('log.txt', BytesIO(b'line\n' * 20000), 'text/plain')}, boundary='b0')
monitor = MultipartEncoderMonitor(form, lambda monitor: seen.append(monitor.bytes_read))
echo = requests.post('{http}/echo', data=monitor, headers={'Content-Type': monitor.content_type, 'User-Agent': user_agent('hook', '1')}).json()
headers = dict(echo['headers'])
print headers['content-type'], echo['body'].count('line\n'), len(echo['body'].encode('utf-8')) == form.len == int(headers['content-length'])
print seen[-1] == form.len, headers['user-agent'].startswith('hook/1')
"#,
    );
    assert_eq!(
        printed,
        "multipart/form-data; boundary=b0 20000 True\nTrue True\n"
    );
}

#[test]
fn interfax_sends_a_fax_and_asks_for_it() {
    block_on(async {
        let mocks = mocks().await;
        let address = mocks.interfax_addr();
        let run = TestRun {
            policy: Policy {
                allow: vec![INTERFAX_HOST.parse().expect("a host")],
                private_networks: PrivateNetworks::Opened,
                connect_to: vec![
                    format!("{INTERFAX_HOST}:443:{}:{}", address.ip(), address.port())
                        .parse()
                        .expect("a rule"),
                ],
                ..Policy::default()
            },
            egress: trusting(mocks.ca_pem()),
            ..TestRun::new(
                r#"
from interfax import InterFAX
from interfax.response import OutboundFax
from reportlab.pdfgen import canvas
page = canvas.Canvas('/tmp/alert.pdf')
page.drawString(72, 700, 'alert')
page.save()
fax = InterFAX('mock-user', 'mock-password').deliver('+15551234567', ['/tmp/alert.pdf'])
print type(fax) is OutboundFax, fax.id
"#,
            )
            .within(Duration::from_secs(30))
        };
        let printed = succeeded(run.perform(Purpose::Run).await);
        let faxes = mocks.faxes();
        assert_eq!(faxes.len(), 1);
        assert_eq!(printed, format!("True {}\n", faxes[0].id));
        assert!(faxes[0].pdf.starts_with(b"%PDF-"));
    });
}

#[test]
fn ldap3_works_without_a_server_and_says_that_there_can_be_none() {
    prints(
        r#"
import ldap3
from ldap3.core.exceptions import LDAPSocketOpenError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn
print escape_filter_chars('a*(b)\\'), parse_dn('cn=a\\,b,dc=x')
mock = ldap3.Connection(ldap3.Server('offline'), client_strategy=ldap3.MOCK_SYNC)
mock.strategy.add_entry('cn=ann,dc=example', {'objectClass': 'person', 'sn': u'Zo\xeb', 'mail': ['a@e', 'b@e']})
print mock.bind(), mock.search('dc=example', '(&(objectClass=person)(|(sn=Z*)(mail=q)))', attributes=['sn', 'mail'])
print mock.entries[0].entry_dn, repr(mock.entries[0].sn.value), mock.entries[0].mail.values
servers = ldap3.ServerPool(['one.example.com', 'two.example.com'])
for server, strategy in ((ldap3.Server('ldap.example.com'), ldap3.SYNC), (servers, ldap3.RESTARTABLE), (servers, ldap3.REUSABLE)):
    try:
        ldap3.Connection(server, 'cn=ann', 'secret', client_strategy=strategy, auto_bind=True)
    except LDAPSocketOpenError as error:
        print 'call the directory over HTTP instead' in str(error)
"#,
        "a\\2a\\28b\\29\\5c [('cn', 'a\\\\,b', ','), ('dc', 'x', '')]\nTrue True\n\
         cn=ann,dc=example u'Zo\\xeb' [u'a@e', u'b@e']\nTrue\nTrue\nTrue\n",
    );
}
