//! Finds out whether a template's plain literals are `unicode`.
//!
//! `from __future__ import unicode_literals` turns every unprefixed literal of the file into `unicode`, those above it
//! included. CPython 2.7 decides it from the shape of the statement alone, and a little too generously: a dotted
//! module, or a lone leading dot, sets the flag just as `__future__` does. What counts here is what that interpreter
//! does, so the same generosity is kept.

use std::ops::Range;

use crate::lexer::{PieceKind, Span, word_end};

const NAME: &[u8] = b"unicode_literals";

/// The type of unprefixed literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainLiterals {
    Bytes,
    Unicode,
}

/// Returns the type that the pieces of `source` ask for.
pub(crate) fn plain_literals(source: &[u8], spans: &[Span]) -> PlainLiterals {
    let mut statement = Statement::Other;
    for span in spans {
        match span.kind {
            PieceKind::Comment => {}
            PieceKind::Literal(_) => statement = Statement::Other,
            PieceKind::Code => {
                for word in Words::new(source, span.range.clone()) {
                    statement = statement.next(word);
                    if statement == Statement::Found {
                        return PlainLiterals::Unicode;
                    }
                }
            }
        }
    }
    PlainLiterals::Bytes
}

/// How much of a statement matches `from <module> import ... unicode_literals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statement {
    Other,
    /// After `from` and this much of the module's name.
    Module(Module),
    /// After `import` from a module that counts: a name comes next.
    Names(Brackets),
    /// After a name: only a comma leads to another one.
    AfterName(Brackets),
    Found,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Module {
    Nothing,
    Future,
    OtherName,
    OneDot,
    Dotted,
    /// Dots before a name, or several: the interpreter's test looks at the wrong token and does not set the flag.
    Relative,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brackets {
    None,
    Open,
}

impl Statement {
    fn next(self, word: &[u8]) -> Self {
        match (self, word) {
            (_, b"from") => Self::Module(Module::Nothing),
            (Self::Names(Brackets::Open) | Self::AfterName(Brackets::Open), b"\n") => self,
            (Self::Module(module), b"import") if module.counts() => Self::Names(Brackets::None),
            (Self::Module(module), word) => module.next(word).map_or(Self::Other, Self::Module),
            (Self::Names(Brackets::None), b"(") => Self::Names(Brackets::Open),
            (Self::Names(_), NAME) => Self::Found,
            (Self::Names(brackets), word) if is_name(word) => Self::AfterName(brackets),
            (Self::AfterName(brackets), b",") => Self::Names(brackets),
            (Self::AfterName(_), word) if is_name(word) => self,
            _ => Self::Other,
        }
    }
}

impl Module {
    fn counts(self) -> bool {
        matches!(self, Self::Future | Self::OneDot | Self::Dotted)
    }

    fn next(self, word: &[u8]) -> Option<Self> {
        match (self, word) {
            (Self::Nothing, b"__future__") => Some(Self::Future),
            (Self::Nothing, b".") => Some(Self::OneDot),
            (Self::Nothing, word) if is_name(word) => Some(Self::OtherName),
            (Self::Future | Self::OtherName, b".") => Some(Self::Dotted),
            (Self::Dotted, word) if word == b"." || is_name(word) => Some(Self::Dotted),
            (Self::OneDot | Self::Relative, word) if word == b"." || is_name(word) => {
                Some(Self::Relative)
            }
            _ => None,
        }
    }
}

fn is_name(word: &[u8]) -> bool {
    word.first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Iterates over the words, line ends (as `\n`) and other characters of a piece of code, without white space and joined
/// lines.
struct Words<'a> {
    source: &'a [u8],
    rest: Range<usize>,
}

impl<'a> Words<'a> {
    fn new(source: &'a [u8], range: Range<usize>) -> Self {
        Self {
            source,
            rest: range,
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let at = self.rest.start;
            match self.source[at] {
                b' ' | b'\t' | 0x0c => self.rest.start += 1,
                b'\\' => {
                    let joined = crate::position::line_end_len(&self.source[at + 1..]);
                    self.rest.start += 1 + joined;
                }
                b'\n' | b'\r' => {
                    self.rest.start += 1;
                    return Some(b"\n");
                }
                _ => {
                    let end = word_end(self.source, at).clamp(at + 1, self.rest.end);
                    self.rest.start = end;
                    return Some(&self.source[at..end]);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::lex;

    fn is_unicode(source: &str) -> bool {
        let spans = lex(source.as_bytes()).unwrap();
        plain_literals(source.as_bytes(), &spans) == PlainLiterals::Unicode
    }

    #[test]
    fn every_way_to_write_the_import_is_found() {
        for source in [
            "from __future__ import unicode_literals",
            "'doc'\nfrom __future__ import division, unicode_literals\n",
            "from __future__ import (division,  # why\r\n  unicode_literals as u,)",
            "from __future__ \\\n import \\\r\n unicode_literals",
            "from __future__ import division; from __future__ import unicode_literals",
            "from __future__ import division as d, unicode_literals as u",
            "from a.b import unicode_literals",
            "from . import unicode_literals",
            "from __future__ import(unicode_literals)",
        ] {
            assert!(is_unicode(source), "{source}");
        }
    }

    #[test]
    fn what_only_resembles_it_is_not() {
        for source in [
            "# from __future__ import unicode_literals",
            "'''\nfrom __future__ import unicode_literals\n'''",
            "from __future__ import division\nunicode_literals",
            "from foo import unicode_literals",
            "from .x import unicode_literals",
            "from .. import unicode_literals",
            "import unicode_literals",
            "from __future__ import division as unicode_literals",
        ] {
            assert!(!is_unicode(source), "{source}");
        }
    }
}
