//! What compiles and cannot work in a hook, or has no effect there.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::check::source::{Source, TextKind};
use crate::check::warning::{Warning, WarningKind};

const NO_PROCESSES: &str =
    "a hook cannot start a process: do it in Python, or ask a service over HTTP";
const NO_SERVERS: &str =
    "a hook cannot listen for connections: it reaches others over HTTP and is not reached";
const HTTP_ONLY: &str =
    "a hook reaches others over HTTP and HTTPS only: use an HTTP interface of that service";
const NO_NATIVE_CODE: &str = "a hook cannot load native code: use a pure Python package";
const TLS_IS_VERIFIED: &str = "certificates are always verified here, and this has no effect: give the authority's certificate to the engine (--ca-cert)";

/// `import a, MODULE as b` or `from MODULE import c`, with the module's name as the group `what`.
fn imports(modules: &str) -> String {
    format!(
        r"(?m)^[ \t]*(?:from[ \t]+|import[ \t]+(?:[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*)(?P<what>{modules})\b"
    )
}

static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let rules = [
        (
            r"\b(?P<what>os\s*\.\s*(?:system|popen[234]?|fork|forkpty|exec[lv]p?e?|spawn[lv]p?e?|kill|killpg))\b".to_owned(),
            NO_PROCESSES,
        ),
        (imports("subprocess|commands|popen2|multiprocessing|pty"), NO_PROCESSES),
        (imports("SocketServer|BaseHTTPServer|SimpleHTTPServer|CGIHTTPServer|SimpleXMLRPCServer"), NO_SERVERS),
        (imports("smtplib|ftplib|telnetlib|poplib|imaplib|nntplib"), HTTP_ONLY),
        (imports("ctypes"), NO_NATIVE_CODE),
        (
            r"(?P<what>verify\s*=\s*False|\b_create_unverified_context|\bdisable_ssl_certificate_validation\s*=\s*True)\b".to_owned(),
            TLS_IS_VERIFIED,
        ),
    ];
    let compile = |(pattern, message): (String, &'static str)| (regex(&pattern), message);
    rules.map(compile).into_iter().collect()
});

static USES_SOCKETS: LazyLock<Regex> = LazyLock::new(|| regex(&imports("socket")));
static LISTENS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?P<what>\.\s*(?:bind|listen|accept)\s*\()"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

pub(crate) fn warnings(source: &Source<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (rule, message) in RULES.iter() {
        find(source, rule, message, &mut warnings);
    }
    if source
        .of_kind(TextKind::Code)
        .any(|code| USES_SOCKETS.is_match(code.bytes))
    {
        find(source, &LISTENS, NO_SERVERS, &mut warnings);
    }
    warnings
}

fn find(source: &Source<'_>, rule: &Regex, message: &str, warnings: &mut Vec<Warning>) {
    for code in source.of_kind(TextKind::Code) {
        for what in rule
            .captures_iter(code.bytes)
            .filter_map(|found| found.name("what"))
        {
            let name = String::from_utf8_lossy(what.as_bytes());
            let name = name.trim_matches(['.', '(', ' ']);
            warnings.push(Warning {
                kind: WarningKind::Unsupported,
                message: format!("{name}: {message}"),
                position: code.position(what.start()),
            });
        }
    }
}
