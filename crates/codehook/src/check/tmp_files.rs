//! Files in `/tmp` that the script makes and never removes. They are gone after the run whatever it does, but a hook
//! that also runs elsewhere should clean up, as the product asks.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::check::source::{Source, TextKind};
use crate::check::warning::{Warning, WarningKind};

static REMOVES: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\bos\s*\.\s*(remove|removedirs|rmdir)\b|\bfrom\s+os\s+import\b[^\n]*\bremove\b|\bunlink\b|\brmtree\b|\w*TemporaryFile\b",
    )
});
static MAKES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(tempfile\s*\.\s*)?(mkstemp|mkdtemp|mktemp)\s*\("));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

pub(crate) fn warnings(source: &Source<'_>) -> Vec<Warning> {
    if source
        .of_kind(TextKind::Code)
        .any(|code| REMOVES.is_match(code.bytes))
    {
        return Vec::new();
    }
    let named = source
        .of_kind(TextKind::Literal)
        .filter(|literal| literal.bytes.starts_with(b"/tmp/"))
        .map(|literal| literal.start());
    let made = source.of_kind(TextKind::Code).flat_map(|code| {
        MAKES
            .find_iter(code.bytes)
            .map(|found| code.position(found.start()))
    });
    named
        .chain(made)
        .map(|position| Warning {
            kind: WarningKind::TmpFileLeft,
            message: "nothing in the script removes this from /tmp; call os.remove or shutil.rmtree at its end".to_owned(),
            position,
        })
        .collect()
}
