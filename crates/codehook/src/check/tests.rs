use super::*;

pub(super) fn template(text: &str) -> Template {
    Template::parse(text.as_bytes(), "hook.py").expect("a template")
}

/// The warnings of one kind as `line:column`.
fn places(kind: WarningKind, text: &str) -> Vec<String> {
    warnings(&template(text), &Mapping::default())
        .into_iter()
        .filter(|warning| warning.kind == kind)
        .map(|warning| warning.position.to_string())
        .collect()
}

#[test]
fn a_misspelt_token_comes_with_the_one_that_was_meant() {
    let warnings = warnings(&template("x = '@UserNmae@'\n"), &Mapping::default());
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].kind, WarningKind::UnknownToken);
    assert!(
        warnings[0].message.contains("@UserName@?"),
        "{}",
        warnings[0].message
    );
}

#[test]
fn warnings_come_in_the_order_of_the_file() {
    let text = "import os\nos.system('ls')\nf = open('/tmp/x', 'w')\npassword = 'hunter2'\n";
    let kinds: Vec<WarningKind> = warnings(&template(text), &Mapping::default())
        .into_iter()
        .map(|warning| warning.kind)
        .collect();
    let expected = [
        WarningKind::Unsupported,
        WarningKind::TmpFileLeft,
        WarningKind::Credential,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn tmp_files_that_nothing_removes() {
    let kind = WarningKind::TmpFileLeft;
    assert_eq!(places(kind, "f = open('/tmp/a', 'w')\n"), ["1:10"]);
    assert_eq!(
        places(kind, "import tempfile\nd = tempfile.mkdtemp()\n"),
        ["2:5"]
    );
    for removed in [
        "import os\nopen('/tmp/a', 'w')\nos.remove('/tmp/a')\n",
        "import os\nopen('/tmp/a', 'w')\nos.unlink('/tmp/a')\n",
        "import shutil, tempfile\nd = tempfile.mkdtemp()\nshutil.rmtree(d)\n",
        "import tempfile\nf = tempfile.NamedTemporaryFile()\n",
        "import tempfile\nf = tempfile.TemporaryFile()\n",
        "print '/tmpfoo', 'in /tmp/x'\n",
        "# os.remove is not needed\nprint 1\n",
    ] {
        assert!(places(kind, removed).is_empty(), "{removed}");
    }
    let list = "names = []\nopen('/tmp/a', 'w')\nnames.remove(1)  # os.remove\n";
    assert_eq!(places(kind, list), ["2:6"]);
}

#[test]
fn credentials_by_the_name_they_go_by() {
    for text in [
        "password = 'hunter2'\n",
        "API_KEY=\"abc\"\n",
        "self.auth_token = u'abc'\n",
        "x = Client(user='a', password='hunter2')\n",
        "h = {'Authorization': 'abc'}\n",
        "h['X-Api-Key'] = 'abc'\n",
        "r.add_header('Authorization', 'abc')\n",
        "client_secret = 'abc@UserId@'\n",
    ] {
        assert_eq!(places(WarningKind::Credential, text).len(), 1, "{text}");
    }
}

#[test]
fn credentials_by_what_they_look_like() {
    for text in [
        "x = 'SSWS 00abcDEF1234'\n",
        "x = 'Basic dXNlcjpwYXNzd29yZA=='\n",
        "x = 'Bearer eyJhbGciOiJIUzI1NiJ9.e30'\n",
        "x = 'AKIAIOSFODNN7EXAMPLE'\n",
        "# SSWS 00abcDEF1234\n",
        "x = '''-----BEGIN RSA PRIVATE KEY-----\nabc'''\n",
        "x = 'https://ann:hunter2@a.test/'\n",
    ] {
        assert_eq!(places(WarningKind::Credential, text).len(), 1, "{text}");
    }
}

#[test]
fn what_is_no_credential() {
    for text in [
        "password = '@secret.PASSWORD@'\n",
        "h = {'Authorization': 'SSWS @secret.OKTA_TOKEN@'}\n",
        "h = {'Authorization': 'Bearer %s' % token}\n",
        "h = {'Authorization': 'Basic {0}'.format(x)}\n",
        "password = ''\n",
        "if password == 'hunter2': pass\n",
        "token_url = 'https://a.test/token'\n",
        "token = os.environ['TOKEN']\n",
        "print 'Basic authentication is used'\n",
        "print 'the password', 'is wrong'\n",
        "x = 'https://@Hostname@/eventdetails/@EventId@'\n",
        "mail = 'ann@example.com'\n",
    ] {
        assert!(places(WarningKind::Credential, text).is_empty(), "{text}");
        assert!(places(WarningKind::Placeholder, text).is_empty(), "{text}");
    }
}

#[test]
fn placeholders_are_told_from_credentials() {
    for text in [
        "password = '<API PASSWORD>'\n",
        "x = 'https://<OKTA URL>/api/v1/users'\n",
        "x = 'SSWS <API KEY>'\n",
        "api_key = 'YOUR_API_KEY'\n",
        "password = 'changeme'\n",
    ] {
        assert_eq!(places(WarningKind::Placeholder, text).len(), 1, "{text}");
        assert!(places(WarningKind::Credential, text).is_empty(), "{text}");
    }
    assert!(places(WarningKind::Placeholder, "x = '<HTML><BODY>'\n").is_empty());
}

#[test]
fn no_warning_repeats_a_credential() {
    let text = "password = 'hunter2'\nx = 'SSWS hunter2hunter2'\n";
    for warning in warnings(&template(text), &Mapping::default()) {
        assert!(!warning.message.contains("hunter2"), "{}", warning.message);
    }
}

#[test]
fn what_no_hook_can_do() {
    let kind = WarningKind::Unsupported;
    for (text, place) in [
        ("import os\nos.system('ls')\n", "2:1"),
        ("import json, subprocess\n", "1:14"),
        ("from subprocess import Popen\n", "1:6"),
        (
            "import socket\ns = socket.socket()\ns.bind(('', 80))\n",
            "3:2",
        ),
        ("import smtplib\n", "1:8"),
        ("requests.get(u, verify=False)\n", "1:17"),
    ] {
        assert_eq!(places(kind, text), [place], "{text}");
    }
    for text in [
        "# import subprocess\n",
        "x = 'os.system'\n",
        "import subprocess_free\n",
        "d.bind(x)\n",
    ] {
        assert!(places(kind, text).is_empty(), "{text}");
    }
}

#[test]
fn columns_count_characters() {
    let text = "# -*- coding: utf-8 -*-\nx = 'ü'; password = 'ü'\n";
    assert_eq!(places(WarningKind::Credential, text), ["2:22"]);
}
