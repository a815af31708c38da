//! Positions in a text: 1-based lines and columns, as a person counts them.
//!
//! Line ends are LF, CR LF and lone CR, which is what CPython counts when it compiles a script, so that a line
//! reported here is the line of the script's own tracebacks.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// A position in a text. Displays as `line:column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters where the text is UTF-8 and in bytes where it is not.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns `source` without a leading UTF-8 byte order mark.
pub(crate) fn without_bom(source: &[u8]) -> &[u8] {
    source.strip_prefix(BOM).unwrap_or(source)
}

/// Returns the length of the line end at the start of `rest`, 0 where there is none.
pub(crate) fn line_end_len(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Bytes between two counts of characters: a position costs at most this much counting, however long its line is.
const BLOCK_BYTES: usize = 1024;

/// Computes the position of any byte offset of one text.
#[derive(Debug, Clone)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
    /// Columns passed before each block. In a text that is not UTF-8 every byte is a column.
    columns_before: Vec<usize>,
    is_utf8: bool,
}

impl LineIndex {
    pub(crate) fn new(source: &[u8]) -> Self {
        let mut starts = vec![0];
        let mut at = 0;
        while at < source.len() {
            let end = line_end_len(&source[at..]);
            at += end.max(1);
            if end > 0 {
                starts.push(at);
            }
        }
        let mut index = Self {
            starts,
            columns_before: vec![0],
            is_utf8: std::str::from_utf8(source).is_ok(),
        };
        let mut columns = 0;
        for block in source.chunks(BLOCK_BYTES) {
            columns += index.columns_in(block);
            index.columns_before.push(columns);
        }
        index
    }

    fn columns_in(&self, text: &[u8]) -> usize {
        let continues_character = |byte: &&u8| self.is_utf8 && **byte & 0xc0 == 0x80;
        text.len() - text.iter().filter(continues_character).count()
    }

    fn columns_to(&self, source: &[u8], offset: usize) -> usize {
        let block = offset / BLOCK_BYTES;
        self.columns_before[block] + self.columns_in(&source[block * BLOCK_BYTES..offset])
    }

    /// Returns the position of `offset` in `source`, which must be the text that the index was made from.
    pub(crate) fn position(&self, source: &[u8], offset: usize) -> Position {
        let offset = offset.min(source.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        let mark = source.len() - without_bom(source).len();
        let start = self.starts[line - 1].max(mark).min(offset);
        Position {
            line,
            column: self.columns_to(source, offset) - self.columns_to(source, start) + 1,
        }
    }

    /// Returns the bytes of the 1-based `line` with its line end, empty past the last line.
    pub(crate) fn line(&self, source: &[u8], line: usize) -> Range<usize> {
        let start = self.starts.get(line - 1).copied().unwrap_or(source.len());
        let end = self.starts.get(line).copied().unwrap_or(source.len());
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_counts_once() {
        let source = b"a\nb\r\nc\rd";
        let index = LineIndex::new(source);
        let lines: Vec<_> = [0, 2, 5, 7]
            .map(|at| index.position(source, at).line)
            .into();
        assert_eq!(lines, [1, 2, 3, 4]);
    }

    #[test]
    fn columns_are_characters_in_utf8_and_bytes_elsewhere() {
        let utf8 = "é@".as_bytes();
        assert_eq!(LineIndex::new(utf8).position(utf8, 2).column, 2);
        let latin1 = b"\xe9\xe8@";
        assert_eq!(LineIndex::new(latin1).position(latin1, 2).column, 3);
    }

    #[test]
    fn long_lines_are_counted_in_blocks() {
        let source = "é".repeat(3000);
        let index = LineIndex::new(source.as_bytes());
        for character in [0, 511, 512, 513, 2999] {
            let position = index.position(source.as_bytes(), character * 2);
            assert_eq!(position.column, character + 1);
        }
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let source = b"\xef\xbb\xbf@";
        assert_eq!(LineIndex::new(source).position(source, 3).column, 1);
    }
}
