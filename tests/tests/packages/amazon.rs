//! boto3 with what it is made of, against services that check Signature Version 4.

use codehook_egress::EgressErrorKind;
use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::{block_on, stderr, stdout};
use mock_services::{Aws, AwsAccount, AwsResources, StoredObject};

use crate::service::{failed, printed_against, reaching, run_hook, served};
use crate::{Use, prints};

pub(crate) const USES: &[Use] = &[
    ("boto3", boto3_keeps_an_object_and_gives_it_back),
    ("botocore", a_wrong_secret_key_is_refused_by_every_service),
    ("s3transfer", a_large_upload_goes_in_parts_and_comes_back),
];

const S3: &str = "s3.eu-west-1.amazonaws.com";
const BUCKET: &str = "alert-archive.s3.eu-west-1.amazonaws.com";
const DYNAMODB: &str = "dynamodb.eu-west-1.amazonaws.com";
const SNS: &str = "sns.eu-west-1.amazonaws.com";
const SQS: &str = "eu-west-1.queue.amazonaws.com";
const EVERYWHERE: &[&str] = &[S3, BUCKET, DYNAMODB, SNS, SQS];

/// `client(service)` with the right keys.
const SESSION: &str = r#"
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
session = boto3.Session('AKIAMOCKMOCKMOCKMOCK', 'a/mock+secret', region_name='eu-west-1')
client = session.client
"#;

fn aws() -> Aws {
    let account = AwsAccount {
        access_key_id: "AKIAMOCKMOCKMOCKMOCK".to_owned(),
        secret_access_key: "a/mock+secret".to_owned(),
    };
    let resources = AwsResources {
        buckets: vec!["alert-archive".to_owned()],
        tables: vec![("handled-events".to_owned(), "event".to_owned())],
        topics: vec!["alerts".to_owned()],
        queues: vec!["alerts".to_owned()],
    };
    Aws::new(account, "eu-west-1", resources)
}

fn printed<T>(source: &str, look: impl FnOnce(&Aws) -> T) -> (String, T) {
    printed_against(aws(), EVERYWHERE, &format!("{SESSION}{source}"), look)
}

#[test]
fn boto3_keeps_an_object_and_gives_it_back() {
    let (printed, stored) = printed(
        r#"
s3 = client('s3')
key = u'alerts/Zo\xeb & co+1 (new).json'
put = s3.put_object(Bucket='alert-archive', Key=key, Body=b'{"risk": 92}', ContentType='application/json',
                    Metadata={'event': '17'}, ServerSideEncryption='AES256')
print put['ResponseMetadata']['HTTPStatusCode'], put['ETag']
# Over TLS only the head is signed unless one asks; the body's digest is checked too then.
signed = client('s3', config=Config(s3={'payload_signing_enabled': True, 'addressing_style': 'path'}))
for number in range(3):
    signed.put_object(Bucket='alert-archive', Key='more/%d' % number, Body='x' * number)
got = s3.get_object(Bucket='alert-archive', Key=key)
print got['Body'].read(), got['ContentType'], got['Metadata'], s3.head_object(Bucket='alert-archive', Key=key)['ContentLength']
pages = s3.get_paginator('list_objects_v2').paginate(Bucket='alert-archive', PaginationConfig={'PageSize': 2})
print [[item['Key'] for item in page['Contents']] for page in pages]
boto3.resource('s3', aws_access_key_id='AKIAMOCKMOCKMOCKMOCK', aws_secret_access_key='a/mock+secret',
               region_name='eu-west-1').Object('alert-archive', 'more/0').delete()
try:
    s3.get_object(Bucket='alert-archive', Key='more/0')
except s3.exceptions.NoSuchKey as error:
    print error.response['Error']['Code']
try:
    s3.put_object(Bucket='alert-archive', Key='garbled', Body='x', ContentMD5='1B2M2Y8AsgTpgAmY7PhCfg==')
except ClientError as error:
    print error.response['Error']['Code']
import requests
# Without these a link is of the old signature version, and names the bucket's global host.
linking = client('s3', config=Config(signature_version='s3v4', s3={'addressing_style': 'virtual'}))
link = linking.generate_presigned_url('get_object', {'Bucket': 'alert-archive', 'Key': key}, ExpiresIn=60)
print requests.get(link).content, requests.get(link + 'x').status_code
"#,
        |aws| aws.object("alert-archive", "alerts/Zoë & co+1 (new).json"),
    );
    assert_eq!(
        printed,
        "200 \"5818636ffef7954d2be7014bb6d3e4cc\"\n\
         {\"risk\": 92} application/json {'event': '17'} 12\n\
         [[u'alerts/Zo\\xeb & co+1 (new).json', u'more/0'], [u'more/1', u'more/2']]\n\
         NoSuchKey\nBadDigest\n\
         {\"risk\": 92} 403\n"
    );
    let stored = stored.expect("the object is there");
    assert_eq!(stored.content_type, "application/json");
    let sent = [
        ("x-amz-meta-event", "17"),
        ("x-amz-server-side-encryption", "AES256"),
    ];
    for (name, value) in sent {
        assert!(
            stored
                .headers
                .contains(&(name.to_owned(), value.to_owned()))
        );
    }
}

#[test]
fn a_large_upload_goes_in_parts_and_comes_back() {
    let (printed, (stored, unfinished)) = printed(
        r#"
import hashlib, io, os
from boto3.s3.transfer import TransferConfig
from boto3.exceptions import S3UploadFailedError
s3 = client('s3')
mebibyte = 1024 * 1024
config = TransferConfig(multipart_threshold=6 * mebibyte, multipart_chunksize=5 * mebibyte, use_threads=False)
content = os.urandom(mebibyte) * 11
seen = []
s3.upload_fileobj(io.BytesIO(content), 'alert-archive', 'large', Config=config, Callback=seen.append,
                  ExtraArgs={'ContentType': 'application/zip'})
print sum(seen) == len(content)
with open('/tmp/small', 'wb') as stream:
    stream.write(content[:1000])
s3.upload_file('/tmp/small', 'alert-archive', 'small', Config=config)
s3.download_file('alert-archive', 'large', '/tmp/back', Config=config)
with open('/tmp/back', 'rb') as stream:
    print hashlib.sha1(stream.read()).digest() == hashlib.sha1(content).digest()
back = io.BytesIO()
s3.download_fileobj('alert-archive', 'small', back, Config=config)
print back.getvalue() == content[:1000]
paths = client('s3', config=Config(s3={'addressing_style': 'path'}))
try:
    paths.upload_file('/tmp/small', 'no-such-bucket', 'small', Config=config)
except S3UploadFailedError as error:
    print 'NoSuchBucket' in str(error)
"#,
        |aws| {
            (
                aws.object("alert-archive", "large"),
                aws.unfinished_uploads(),
            )
        },
    );
    assert_eq!(printed, "True\nTrue\nTrue\nTrue\n");
    let StoredObject {
        etag,
        body,
        content_type,
        ..
    } = stored.expect("the object is there");
    assert_eq!(body.len(), 11 << 20);
    assert!(etag.ends_with("-3\""), "three parts, not {etag}");
    assert_eq!(content_type, "application/zip");
    assert_eq!(unfinished, 0);
}

#[test]
fn a_transfer_as_boto3_sets_it_up_uses_its_threads() {
    let (printed, (stored, unfinished)) = printed(
        r#"
import io, os, threading
s3 = client('s3')
content = os.urandom(1024 * 1024) * 20
names = set()
def seen(count):
    names.add(threading.current_thread().name)
s3.upload_fileobj(io.BytesIO(content), 'alert-archive', 'large', Callback=seen)
s3.download_file('alert-archive', 'large', '/tmp/back')
with open('/tmp/back', 'rb') as stream:
    print stream.read() == content
print bool(names) and 'MainThread' not in names
"#,
        |aws| {
            (
                aws.object("alert-archive", "large"),
                aws.unfinished_uploads(),
            )
        },
    );
    assert_eq!(printed, "True\nTrue\n");
    let stored = stored.expect("the object is there");
    assert_eq!(stored.body.len(), 20 << 20);
    assert!(
        stored.etag.ends_with("-3\""),
        "three parts, not {}",
        stored.etag
    );
    assert_eq!(unfinished, 0);
}

#[test]
fn an_upload_that_breaks_off_is_aborted() {
    let (printed, (stored, unfinished)) = printed(
        r#"
import io
from boto3.s3.transfer import TransferConfig
def enough(count):
    raise ValueError('enough')
config = TransferConfig(multipart_threshold=6 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, use_threads=False)
try:
    client('s3').upload_fileobj(io.BytesIO('x' * 11 * 1024 * 1024), 'alert-archive', 'large', Config=config, Callback=enough)
except ValueError as error:
    print error
"#,
        |aws| {
            (
                aws.object("alert-archive", "large"),
                aws.unfinished_uploads(),
            )
        },
    );
    assert_eq!(printed, "enough\n");
    assert_eq!(stored, None);
    assert_eq!(unfinished, 0);
}

#[test]
fn dynamodb_sns_and_sqs_take_signed_calls() {
    let (printed, (publications, messages)) = printed(
        r#"
dynamodb = client('dynamodb')
item = {'event': {'S': '17'}, 'risk': {'N': '92.5'}, 'user': {'S': u'Zo\xeb'}}
for attempt in (1, 2):
    try:
        dynamodb.put_item(TableName='handled-events', Item=item, ConditionExpression='attribute_not_exists(event)')
        print 'first time'
    except dynamodb.exceptions.ConditionalCheckFailedException:
        print 'again'
table = session.resource('dynamodb').Table('handled-events')
print table.get_item(Key={'event': '17'})['Item'] == {'event': u'17', 'risk': __import__('decimal').Decimal('92.5'), 'user': u'Zo\xeb'}
print 'Item' in table.get_item(Key={'event': '18'})
client('sns').publish(TopicArn='arn:aws:sns:eu-west-1:123456789012:alerts', Subject='Alert', Message=u'Zo\xeb & 92.5')
sqs = client('sqs')
url = sqs.get_queue_url(QueueName='alerts')['QueueUrl']
print sqs.send_message(QueueUrl=url, MessageBody=u'{"user": "Zo\xeb"}')['MD5OfMessageBody']
try:
    sqs.get_queue_url(QueueName='other')
except sqs.exceptions.QueueDoesNotExist as error:
    print error.response['Error']['Code']
"#,
        |aws| (aws.messages.published.all(), aws.messages.sent.all()),
    );
    assert_eq!(
        printed,
        "first time\nagain\nTrue\nFalse\n34a5f41dd964b8867487cee90047c2d8\nAWS.SimpleQueueService.NonExistentQueue\n"
    );
    assert_eq!(publications.len(), 1);
    assert_eq!(publications[0]["subject"], "Alert");
    assert_eq!(publications[0]["message"], "Zoë & 92.5");
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["body"], "{\"user\": \"Zoë\"}");
}

#[test]
fn a_wrong_secret_key_is_refused_by_every_service() {
    let (printed, stored) = printed(
        r#"
wrong = boto3.Session('AKIAMOCKMOCKMOCKMOCK', 'another secret', region_name='eu-west-1')
unknown = boto3.Session('AKIAOTHER', 'a/mock+secret', region_name='eu-west-1')
for keys in (wrong, unknown):
    for call in (
        lambda: keys.client('s3').put_object(Bucket='alert-archive', Key='forged', Body='x'),
        lambda: keys.client('dynamodb').get_item(TableName='handled-events', Key={'event': {'S': '17'}}),
        lambda: keys.client('sns').publish(TopicArn='arn:aws:sns:eu-west-1:123456789012:alerts', Message='x'),
        lambda: keys.client('sqs').get_queue_url(QueueName='alerts'),
    ):
        try:
            call()
            print 'accepted'
        except ClientError as error:
            print error.response['ResponseMetadata']['HTTPStatusCode'], error.response['Error']['Code']
"#,
        |aws| aws.object("alert-archive", "forged"),
    );
    assert_eq!(
        printed,
        "403 SignatureDoesNotMatch\n400 InvalidSignatureException\n403 SignatureDoesNotMatch\n403 SignatureDoesNotMatch\n\
         403 InvalidAccessKeyId\n400 UnrecognizedClientException\n403 InvalidAccessKeyId\n403 InvalidAccessKeyId\n"
    );
    assert_eq!(stored, None);
}

#[test]
fn credentials_can_stand_in_the_environment_or_a_file_of_the_script_s_own() {
    let (printed, stored) = printed_against(
        aws(),
        EVERYWHERE,
        r#"
import os, boto3
os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY'] = 'AKIAMOCKMOCKMOCKMOCK', 'a/mock+secret'
os.environ['AWS_DEFAULT_REGION'] = 'eu-west-1'
boto3.client('s3').put_object(Bucket='alert-archive', Key='environment', Body='x')
for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION'):
    del os.environ[name]
os.mkdir(os.path.expanduser('~/.aws'))
with open(os.path.expanduser('~/.aws/credentials'), 'w') as stream:
    stream.write('[archive]\naws_access_key_id = AKIAMOCKMOCKMOCKMOCK\naws_secret_access_key = a/mock+secret\n')
with open(os.path.expanduser('~/.aws/config'), 'w') as stream:
    stream.write('[profile archive]\nregion = eu-west-1\n')
print boto3.Session(profile_name='archive').client('s3').get_object(Bucket='alert-archive', Key='environment')['Body'].read()
"#,
        |aws| aws.object("alert-archive", "environment"),
    );
    assert_eq!(printed, "x\n");
    assert!(stored.is_some());
}

#[test]
fn without_credentials_the_search_for_them_ends_at_once() {
    // botocore asks the machine's metadata service last, which a hook never reaches.
    prints(
        r#"
import boto3, time
start = time.time()
try:
    boto3.client('s3', region_name='eu-west-1').list_buckets()
except Exception as error:
    print type(error).__name__, time.time() - start < 10
"#,
        "NoCredentialsError True\n",
    );
}

#[test]
fn the_hook_archives_its_event() {
    block_on(async {
        let server = served(aws()).await;
        let secrets = [
            ("AWS_ACCESS_KEY_ID", "AKIAMOCKMOCKMOCKMOCK"),
            ("AWS_SECRET_ACCESS_KEY", "a/mock+secret"),
        ];
        let report = run_hook(
            &server,
            &[BUCKET],
            "s3_archive_event.py",
            "warning.json",
            &secrets,
        )
        .await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        let printed = stdout(&report);
        let key = printed
            .trim()
            .strip_prefix("Stored s3://alert-archive/")
            .expect("where it is");
        let stored = server
            .api()
            .object("alert-archive", key)
            .expect("the object is there");
        let event: serde_json::Value = serde_json::from_slice(&stored.body).expect("JSON");
        assert_eq!(event["user"]["email"], "zoe.o'brien+pba@example.com");
        let wrong = [secrets[0], ("AWS_SECRET_ACCESS_KEY", "wrong")];
        let report = run_hook(
            &server,
            &[BUCKET],
            "s3_archive_event.py",
            "alert.json",
            &wrong,
        )
        .await;
        assert!(
            failed(&report).contains("SignatureDoesNotMatch"),
            "{}",
            stderr(&report)
        );
    });
}

#[test]
fn a_host_that_is_not_allowed_stands_in_the_report() {
    // botocore's own error names the URL and keeps the reason to itself.
    block_on(async {
        let server = served(aws()).await;
        let source = format!("{SESSION}\nclient('s3').list_objects_v2(Bucket='alert-archive')\n");
        let report = reaching(&server, &[SNS], source)
            .perform(Purpose::Run)
            .await;
        let text = failed(&report);
        assert!(text.contains("ConnectionClosedError"), "{text}");
        assert!(text.contains(BUCKET), "{text}");
        let denied = report.http.last().expect("the request is in the report");
        assert_eq!(denied.error, Some(EgressErrorKind::DeniedByPolicy));
        assert!(denied.url.contains(BUCKET), "{}", denied.url);
    });
}
