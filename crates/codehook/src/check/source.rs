//! A template as the checks read it: code, comments and the text inside literals, each of which can say where it
//! stands.

use codehook_template::{Piece, PieceKind, Position, Template};

/// A template's pieces.
pub(crate) struct Source<'a> {
    pub(crate) pieces: Vec<Text<'a>>,
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    Code,
    Comment,
    /// A literal; the text is what stands between its quotes.
    Literal,
}

/// One piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) kind: TextKind,
    pub(crate) bytes: &'a [u8],
    /// The whole piece, a literal's prefix and quotes included.
    whole: Piece<'a>,
    columns: Columns,
}

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    Characters,
    Bytes,
}

impl<'a> Source<'a> {
    pub(crate) fn new(template: &'a Template) -> Self {
        let columns = match std::str::from_utf8(template.source()) {
            Ok(_) => Columns::Characters,
            Err(_) => Columns::Bytes,
        };
        let pieces = template
            .pieces()
            .map(|piece| Text::new(piece, columns))
            .collect();
        Self { pieces }
    }

    pub(crate) fn of_kind(&self, kind: TextKind) -> impl Iterator<Item = &Text<'a>> {
        self.pieces.iter().filter(move |text| text.kind == kind)
    }
}

impl<'a> Text<'a> {
    fn new(piece: Piece<'a>, columns: Columns) -> Self {
        let (kind, bytes) = match piece.kind {
            PieceKind::Code => (TextKind::Code, piece.text),
            PieceKind::Comment => (TextKind::Comment, piece.text),
            PieceKind::Literal(literal) => {
                let quotes = literal.quote.count();
                let body = literal.prefix_len() + quotes..piece.text.len() - quotes;
                (TextKind::Literal, &piece.text[body])
            }
        };
        Self {
            kind,
            bytes,
            whole: piece,
            columns,
        }
    }

    /// Where the piece starts, a literal with its prefix and quote.
    pub(crate) fn start(&self) -> Position {
        self.whole.position
    }

    /// Where the byte at `offset` of the text stands in the file.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let opening = match self.whole.kind {
            PieceKind::Literal(literal) => literal.prefix_len() + literal.quote.count(),
            PieceKind::Code | PieceKind::Comment => 0,
        };
        let before = &self.whole.text[..opening + offset];
        let mut position = self.whole.position;
        for (at, byte) in before.iter().enumerate() {
            match byte {
                b'\r' if self.whole.text.get(at + 1) == Some(&b'\n') => {}
                b'\r' | b'\n' => {
                    position.line += 1;
                    position.column = 1;
                }
                // The bytes of a character after its first have no column of their own.
                0x80..=0xbf if self.columns == Columns::Characters => {}
                _ => position.column += 1,
            }
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::template;

    #[test]
    fn positions_are_the_files_own() {
        let template = template("x = u'''a\r\nbü c'''; y = 2\n");
        let source = Source::new(&template);
        let literal = source.of_kind(TextKind::Literal).next().expect("a literal");
        assert_eq!(literal.bytes, "a\r\nbü c".as_bytes());
        assert_eq!(literal.start().to_string(), "1:5");
        assert_eq!(literal.position(0).to_string(), "1:9");
        assert_eq!(literal.position(3).to_string(), "2:1");
        assert_eq!(literal.position(7).to_string(), "2:4");
    }
}
