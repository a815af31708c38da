//! Environment markers (PEP 508), evaluated for this interpreter.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use crate::metadata::PYTHON;

/// The deepest nesting of brackets that is parsed.
const MAX_NESTING: usize = 32;

/// Evaluates a marker. One that cannot be parsed is true: it is better to report a package too often than to omit one.
pub(crate) fn holds(marker: &str) -> bool {
    let Some(words) = words(marker) else {
        return true;
    };
    let mut reader = Reader {
        words: &words,
        at: 0,
        nesting: 0,
    };
    let result = reader.either();
    if reader.at == words.len() {
        result.unwrap_or(true)
    } else {
        true
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// A name, an operator or a bracket.
    Plain(String),
    Quoted(String),
}

fn words(marker: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '(' | ')' => 1,
            '\'' | '"' => {
                let (text, _) = rest[1..].split_once(first)?;
                words.push(Word::Quoted(text.to_owned()));
                rest = rest[text.len() + 2..].trim_start();
                continue;
            }
            '<' | '>' | '=' | '!' | '~' => {
                rest.find(|c| !"<>=!~".contains(c)).unwrap_or(rest.len())
            }
            c if c.is_ascii_alphabetic() => rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c)))
                .unwrap_or(rest.len()),
            _ => return None,
        };
        words.push(Word::Plain(rest[..len].to_owned()));
        rest = rest[len..].trim_start();
    }
    Some(words)
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
    nesting: usize,
}

impl Reader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut result = self.both()?;
        while self.take("or") {
            result |= self.both()?;
        }
        Some(result)
    }

    fn both(&mut self) -> Option<bool> {
        let mut result = self.one()?;
        while self.take("and") {
            result &= self.one()?;
        }
        Some(result)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            if self.nesting == MAX_NESTING {
                return None;
            }
            self.nesting += 1;
            let result = self.either()?;
            self.nesting -= 1;
            return self.take(")").then_some(result);
        }
        let left = self.value()?;
        let operator = self.operator()?;
        let right = self.value()?;
        Some(compare(&left, &operator, &right))
    }

    fn operator(&mut self) -> Option<String> {
        if self.take("not") {
            return self.take("in").then(|| "not in".to_owned());
        }
        match self.next()? {
            Word::Plain(word) => Some(word),
            Word::Quoted(_) => None,
        }
    }

    fn value(&mut self) -> Option<String> {
        match self.next()? {
            Word::Quoted(text) => Some(text),
            Word::Plain(name) => variable(&name).map(str::to_owned),
        }
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn take(&mut self, word: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Plain(next)) if next == word);
        self.at += usize::from(found);
        found
    }
}

/// Returns the value of a variable for Python 2.7 in the sandbox. No `extra` is ever requested.
fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "python_version" => "2.7",
        "python_full_version" | "implementation_version" => PYTHON,
        "os_name" | "os.name" => "posix",
        "sys_platform" | "sys.platform" => "linux2",
        "platform_system" => "wasi",
        "platform_machine" | "platform.machine" => "wasm32",
        "platform_python_implementation"
        | "platform.python_implementation"
        | "python_implementation" => "CPython",
        "implementation_name" => "cpython",
        "platform_release" | "platform_version" | "platform.version" | "extra" => "",
        _ => return None,
    })
}

fn compare(left: &str, operator: &str, right: &str) -> bool {
    match operator {
        "in" => return right.contains(left),
        "not in" => return !right.contains(left),
        _ => {}
    }
    if let (Ok(version), Ok(specifiers)) = (
        Version::from_str(left),
        VersionSpecifiers::from_str(&format!("{operator}{right}")),
    ) {
        return specifiers.contains(&version);
    }
    match operator {
        "==" | "===" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn markers_are_evaluated_for_python_2_7_in_the_sandbox() {
        for yes in [
            "python_version < '3'",
            "python_version == \"2.7\"",
            "python_version<'3.4' and (os_name == 'posix' or extra == 'x')",
            "python_version in '2.6 2.7 3.2'",
            "platform_python_implementation != 'PyPy'",
            "'linux' in sys_platform",
            "python_full_version >= '2.7.9'",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "python_version >= '3.5'",
            "extra == 'tests'",
            "sys_platform == 'win32' or platform_system == \"Darwin\"",
            "python_version not in '2.7'",
            "platform_python_implementation == 'PyPy' and python_version < '3'",
        ] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn brackets_are_read_up_to_a_bound() {
        let nested = |depth: usize, inside: &str| {
            format!("{}{inside}{}", "(".repeat(depth), ")".repeat(depth))
        };
        assert!(!holds(&nested(32, "extra == 'x'")));
        assert!(holds(&nested(33, "extra == 'x'")));
        assert!(holds(&nested(1_000_000, "extra == 'x'")));
        let side_by_side = ["(extra == 'x')"; 1000].join(" or ");
        assert!(!holds(&side_by_side));
    }

    #[test]
    fn what_cannot_be_read_holds() {
        for odd in ["python_version <", "nonsense == '1'", "(extra == 'x'", "'"] {
            assert!(holds(odd), "{odd}");
        }
    }
}
