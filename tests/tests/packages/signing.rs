//! Signatures and tokens. What goes over the wire is checked outside Python, by another implementation.

use std::collections::BTreeMap;

use codehook_sandbox::Purpose;
use codehook_tests::block_on;
use ring::{hmac, signature};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Use, printed_with_server, prints, succeeded, with_access};

pub(crate) const USES: &[Use] = &[
    (
        "google-auth",
        a_google_service_account_exchanges_a_signed_assertion_for_a_token,
    ),
    ("oauthlib", oauthlib_signs_as_the_standard_shows),
    ("pyasn1", pyasn1_encodes_and_decodes_der),
    ("pyasn1-modules", pyasn1_modules_take_a_private_key_apart),
    ("PyJWT", a_token_is_made_and_verified),
    (
        "requests-oauthlib",
        requests_signed_with_oauth1_verify_at_the_server,
    ),
    ("rsa", rsa_signs_as_openssl_does),
];

/// A key of no use but here; its public half is what verifies.
pub(crate) const PRIVATE_KEY: &str = include_str!("test_only_key.pem");
pub(crate) const PUBLIC_KEY: &[u8] = include_bytes!("test_only_key.pub.der");

#[test]
fn oauthlib_signs_as_the_standard_shows() {
    // The example of OAuth Core 1.0, appendix A.5: unlike RFC 5849's it sends the version, as oauthlib does.
    prints(
        r#"
from oauthlib import oauth1, oauth2
client = oauth1.Client('dpf43f3p2l4k3l03', 'kd94hf93k423kf44', 'nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00', nonce='kllo9940pd9333jh', timestamp='1191242096')
_, headers, _ = client.sign('http://photos.example.net/photos?file=vacation.jpg&size=original')
print [part for part in headers['Authorization'].split(', ') if 'oauth_signature=' in part]
flow = oauth2.BackendApplicationClient('id')
print flow.prepare_request_body(scope=['a', 'b'])
print flow.parse_request_body_response('{"access_token": "t", "token_type": "Bearer", "expires_in": 60}')['access_token']
try:
    flow.parse_request_body_response('{"error": "invalid_client"}')
except oauth2.OAuth2Error as error:
    print error.error
"#,
        "[u'oauth_signature=\"tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D\"']\n\
         grant_type=client_credentials&scope=a+b\nt\ninvalid_client\n",
    );
}

#[test]
fn requests_signed_with_oauth1_verify_at_the_server() {
    let printed = printed_with_server(
        r#"
import requests
from requests_oauthlib import OAuth1, OAuth1Session, OAuth2Session
print requests.get('{http}/echo?b=2&a=1%20x', auth=OAuth1('key', 'secret', 'token', 'token secret')).content
session = OAuth1Session('key', client_secret='secret', resource_owner_key='token', resource_owner_secret='token secret')
print session.post('{http}/echo', data={'text': u'Zo\xeb & co', 'a': '1'}).content
print OAuth2Session('id', token={'access_token': 'bearer-1', 'token_type': 'Bearer'}).get('{https}/echo').content
"#,
    );
    let echoes: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("an echo"))
        .collect();
    let [query, form, bearer] = &echoes[..] else {
        panic!("three echoes: {printed}")
    };
    assert_oauth1(query, &["a=1%20x", "b=2"]);
    assert_oauth1(form, &["a=1", "text=Zo%C3%AB%20%26%20co"]);
    assert_eq!(header(bearer, "authorization"), "Bearer bearer-1");
}

/// Computes the signature of RFC 5849 anew from what the server received.
fn assert_oauth1(echo: &Value, parameters: &[&str]) {
    let (base, claimed) = oauth1(echo, parameters);
    let key = hmac::Key::new(
        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        b"secret&token%20secret",
    );
    hmac::verify(&key, base.as_bytes(), &claimed)
        .unwrap_or_else(|_| panic!("not the signature of {base}"));
}

/// What RFC 5849 signs in the request that the server received, and the signature that came with it. `parameters` are percent-encoded,
/// those of the query or form.
pub(crate) fn oauth1(echo: &Value, parameters: &[&str]) -> (String, Vec<u8>) {
    let authorization = header(echo, "authorization");
    let fields: BTreeMap<&str, &str> = authorization
        .strip_prefix("OAuth ")
        .expect("the scheme")
        .split(", ")
        .map(|field| field.split_once('=').expect("a name and a value"))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let mut all: Vec<String> = parameters.iter().map(|&text| text.to_owned()).collect();
    let signed = fields
        .iter()
        .filter(|(name, _)| **name != "oauth_signature");
    all.extend(signed.map(|(name, value)| format!("{name}={value}")));
    all.sort();
    let url = format!(
        "http://{}{}",
        header(echo, "host"),
        echo["path"].as_str().expect("a path")
    );
    let method = echo["method"].as_str().expect("a method");
    let base = format!("{method}&{}&{}", encoded(&url), encoded(&all.join("&")));
    let claimed = decoded(
        &fields["oauth_signature"]
            .replace("%3D", "=")
            .replace("%2F", "/")
            .replace("%2B", "+"),
    );
    (base, claimed)
}

#[test]
fn a_token_is_made_and_verified() {
    // The example that jwt.io shows.
    prints(
        r#"
import jwt, time
token = ('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ'
         '.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c')
print sorted(jwt.decode(token, 'your-256-bit-secret', algorithms=['HS256']).items()), jwt.get_unverified_header(token)['alg']
made = jwt.encode({'sub': u'Zo\xeb', 'exp': int(time.time()) + 60, 'aud': 'hook'}, 'k', algorithm='HS512')
print repr(jwt.decode(made, 'k', algorithms=['HS512'], audience='hook')['sub'])
def attempt(*arguments, **options):
    try:
        return jwt.decode(*arguments, **options)
    except jwt.InvalidTokenError as error:
        return type(error).__name__
print attempt(token[:-4] + 'AAAA', 'your-256-bit-secret', algorithms=['HS256']), attempt(made, 'k', algorithms=['HS512'], audience='other')
print attempt(jwt.encode({'exp': 1}, 'k'), 'k', algorithms=['HS256']), attempt(jwt.encode({}, None, algorithm='none'), 'k', algorithms=['HS256'])
"#,
        "[(u'iat', 1516239022), (u'name', u'John Doe'), (u'sub', u'1234567890')] HS256\nu'Zo\\xeb'\n\
         InvalidSignatureError InvalidAudienceError\nExpiredSignatureError InvalidAlgorithmError\n",
    );
}

#[test]
fn rsa_signs_as_openssl_does() {
    // The digest is of what `openssl dgst -sha256 -sign test_only_key.pem` makes of the same message.
    prints(
        &with_key(
            r#"
import hashlib, rsa
key = rsa.PrivateKey.load_pkcs1(KEY)
public = rsa.PublicKey(key.n, key.e)
made = rsa.sign('a signed message', key, 'SHA-256')
print hashlib.sha256(made).hexdigest(), rsa.verify('a signed message', made, public)
try:
    rsa.verify('another message', made, public)
except rsa.VerificationError:
    print 'refused'
print rsa.decrypt(rsa.encrypt('short', public), key)
small, secret = rsa.newkeys(256)
print rsa.decrypt(rsa.encrypt('x', small), secret), small.n.bit_length()
"#,
        ),
        "ae7b1bd4c3862eebe5675f35e476b0e1e4e67effecf2c8995370a70c391d8ed1 SHA-256\nrefused\nshort\nx 256\n",
    );
}

#[test]
fn pyasn1_encodes_and_decodes_der() {
    prints(
        r#"
from pyasn1.codec.der import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import namedtype, univ, char
class Record(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType('id', univ.Integer()),
        namedtype.NamedType('kind', univ.ObjectIdentifier()),
        namedtype.OptionalNamedType('name', char.UTF8String()))
record = Record()
record['id'] = 65537
record['kind'] = '1.2.840.113549.1.1.11'
record['name'] = u'Zo\xeb'
coded = encoder.encode(record)
print coded.encode('hex')
read, rest = decoder.decode(coded + '\x05\x00', asn1Spec=Record())
print int(read['id']), read['kind'].prettyPrint(), read['name'] == record['name'], repr(rest)
try:
    decoder.decode(coded[:-1], asn1Spec=Record())
except PyAsn1Error as error:
    print type(error).__name__
"#,
        "3016020301000106092a864886f70d01010b0c045a6fc3ab\n65537 1.2.840.113549.1.1.11 True '\\x05\\x00'\nSubstrateUnderrunError\n",
    );
}

#[test]
fn pyasn1_modules_take_a_private_key_apart() {
    prints(
        &with_key(
            r#"
from pyasn1.codec.der import decoder, encoder
from pyasn1_modules import pem, rfc3447, rfc5280
from StringIO import StringIO
marker, der = pem.readPemBlocksFromFile(StringIO(KEY), ('-----BEGIN RSA PRIVATE KEY-----', '-----END RSA PRIVATE KEY-----'))
key, rest = decoder.decode(der, asn1Spec=rfc3447.RSAPrivateKey())
print marker, int(key['publicExponent']), int(key['modulus']).bit_length(), int(key['prime1']) * int(key['prime2']) == int(key['modulus'])
print rest == '' and encoder.encode(key) == der, rfc5280.id_at_commonName
"#,
        ),
        "0 65537 2048 True\nTrue 2.5.4.3\n",
    );
}

#[test]
fn a_google_service_account_exchanges_a_signed_assertion_for_a_token() {
    let (printed, request) = block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let source = with_key(
            r#"
import time
from google.auth.transport.requests import Request
from google.oauth2 import service_account
info = {'type': 'service_account', 'client_email': 'hook@example.iam.gserviceaccount.com', 'private_key_id': 'key-1', 'private_key': KEY,
        'token_uri': 'http://localhost:{port}/token'}
credentials = service_account.Credentials.from_service_account_info(info, scopes=['https://www.googleapis.com/auth/drive.readonly'])
credentials.refresh(Request())
headers = {}
credentials.apply(headers)
print headers['authorization'], credentials.valid
"#,
        )
        .replace("{port}", &port.to_string());
        let run = with_access(&source, &[port]);
        let (report, request) = tokio::join!(
            run.perform(Purpose::Run),
            answer_once(
                listener,
                r#"{"access_token": "token-1", "expires_in": 3600}"#
            )
        );
        (succeeded(report), request)
    });
    assert_eq!(printed, "Bearer token-1 True\n");
    let assertion = request
        .split("assertion=")
        .nth(1)
        .expect("an assertion")
        .split('&')
        .next()
        .expect("its value");
    let (signed, made) = assertion.rsplit_once('.').expect("a signature");
    signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY)
        .verify(signed.as_bytes(), &decoded(made))
        .expect("the assertion verifies");
    let (head, claims) = signed.split_once('.').expect("a header");
    let [head, claims]: [Value; 2] =
        [head, claims].map(|part| serde_json::from_slice(&decoded(part)).expect("JSON"));
    assert_eq!(
        (&head["alg"], &head["kid"]),
        (&"RS256".into(), &"key-1".into())
    );
    assert_eq!(claims["iss"], "hook@example.iam.gserviceaccount.com");
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/drive.readonly"
    );
}

/// The source with the private key in `KEY`.
pub(crate) fn with_key(source: &str) -> String {
    format!("KEY = '''{PRIVATE_KEY}'''\n{source}")
}

/// Answers one request with this JSON, and gives the request as it came.
async fn answer_once(listener: TcpListener, json: &str) -> String {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let request = whole_request(&mut stream).await;
    let length = json.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{json}"
    );
    stream
        .write_all(answer.as_bytes())
        .await
        .expect("the answer goes out");
    request
}

async fn whole_request(stream: &mut TcpStream) -> String {
    let mut received = String::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).await.expect("bytes come in");
        assert_ne!(length, 0, "the request is cut off: {received}");
        received.push_str(std::str::from_utf8(&piece[..length]).expect("ASCII"));
        let Some((head, body)) = received.split_once("\r\n\r\n") else {
            continue;
        };
        let announced = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.parse().expect("a number"));
        if body.len() >= announced {
            return received;
        }
    }
}

fn header<'a>(echo: &'a Value, name: &str) -> &'a str {
    let pairs = echo["headers"].as_array().expect("headers");
    let pair = pairs
        .iter()
        .find(|pair| pair[0] == name)
        .unwrap_or_else(|| panic!("no {name} in {echo}"));
    pair[1].as_str().expect("a text")
}

/// Percent-encoded as RFC 5849 asks.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// From base64 of either alphabet.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => panic!("no base64: {text}"),
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    bytes
}
