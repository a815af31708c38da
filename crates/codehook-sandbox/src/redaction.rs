//! Replaces secrets in a stream of bytes, also where a secret is split between the pieces in which the stream arrives.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

/// Replacement of a secret.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

/// The secrets of one run. Never shown by `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// `None` where there is no secret.
    patterns: Option<Arc<Patterns>>,
}

struct Patterns {
    /// Finds the leftmost secret, and the longest of those that start there.
    automaton: AhoCorasick,
    prefixes: Vec<Prefixes>,
}

impl Secrets {
    /// Returns a set of secrets; empty ones are ignored.
    pub(crate) fn new<I: IntoIterator<Item = String>>(values: I) -> Self {
        let values: Vec<Vec<u8>> = values
            .into_iter()
            .map(String::into_bytes)
            .filter(|value| !value.is_empty())
            .collect();
        if values.is_empty() {
            return Self::default();
        }
        // A DFA, the default for few patterns, takes up to a kilobyte for each byte of a secret.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&values)
            .expect("secrets have far less than 2³¹ bytes");
        let prefixes = values.into_iter().map(Prefixes::new).collect();
        Self {
            patterns: Some(Arc::new(Patterns {
                automaton,
                prefixes,
            })),
        }
    }

    /// Returns `text` with every secret replaced.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        let mut redactor = Redactor::new(self.clone());
        let mut out = redactor.push(text.as_bytes());
        out.extend(redactor.finish());
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Patterns {
    /// Returns `data` with every secret replaced, up to the first position at which its end may cut off a secret; and
    /// that position.
    fn replace(&self, data: &[u8], more: More) -> (Vec<u8>, usize) {
        let mut cut_off = match more {
            More::MayCome => self.cut_off(data),
            More::Nothing => Vec::new(),
        }
        .into_iter()
        .peekable();
        let mut out = Vec::with_capacity(data.len());
        let mut position = 0;
        loop {
            while cut_off.next_if(|start| *start < position).is_some() {}
            let end = cut_off.peek().copied().unwrap_or(data.len());
            let rest = Input::new(data).range(position..);
            match self.automaton.find(rest) {
                // A longer secret may start at `end` as well, so that a match there has to wait.
                Some(found) if found.start() < end => {
                    out.extend_from_slice(&data[position..found.start()]);
                    out.extend_from_slice(REDACTED);
                    position = found.end();
                }
                _ => {
                    out.extend_from_slice(&data[position..end]);
                    return (out, end);
                }
            }
        }
    }

    /// Returns the positions in `data`, in ascending order, from which on it is the start of a secret that more bytes
    /// could complete.
    fn cut_off(&self, data: &[u8]) -> Vec<usize> {
        let lengths = self
            .prefixes
            .iter()
            .flat_map(|secret| secret.suffix_lengths(data));
        let mut starts: Vec<usize> = lengths.map(|length| data.len() - length).collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }
}

/// A secret whose proper prefixes are searched at the end of data, by the algorithm of Knuth, Morris and Pratt: in
/// linear time, whatever the secret and the data are.
struct Prefixes {
    secret: Vec<u8>,
    /// For each prefix but the empty one: the length of its longest border (a proper prefix that is its suffix as
    /// well).
    borders: Vec<usize>,
}

impl Prefixes {
    fn new(secret: Vec<u8>) -> Self {
        let mut prefixes = Self {
            secret,
            borders: vec![0],
        };
        for at in 1..prefixes.secret.len() {
            let border = prefixes.extend(prefixes.borders[at - 1], prefixes.secret[at]);
            prefixes.borders.push(border);
        }
        prefixes
    }

    /// Returns the length of the longest prefix that ends with `byte`, after a prefix of the given length.
    fn extend(&self, mut length: usize, byte: u8) -> usize {
        while length > 0 && self.secret[length] != byte {
            length = self.borders[length - 1];
        }
        length + usize::from(self.secret[length] == byte)
    }

    /// Returns the lengths of all suffixes of `data` that are proper prefixes of the secret, except for the empty one.
    fn suffix_lengths(&self, data: &[u8]) -> impl Iterator<Item = usize> {
        // Shorter than the secret, so no prefix that is found is the whole of it.
        let end = &data[data.len().saturating_sub(self.secret.len() - 1)..];
        let longest = end
            .iter()
            .fold(0, |length, byte| self.extend(length, *byte));
        let non_empty = |length| (length > 0).then_some(length);
        std::iter::successors(non_empty(longest), move |length| {
            non_empty(self.borders[length - 1])
        })
    }
}

/// Redacts one stream.
pub(crate) struct Redactor {
    secrets: Secrets,
    /// The end of the stream so far, as far as it may be the start of a secret.
    held: Vec<u8>,
}

impl Redactor {
    /// Returns a redactor at the start of a stream.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            held: Vec::new(),
        }
    }

    /// Takes a piece of the stream, and returns the bytes that can be shown by now.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(patterns) = &self.secrets.patterns else {
            return piece.to_vec();
        };
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(piece);
        let (out, rest) = patterns.replace(&data, More::MayCome);
        self.held = data[rest..].to_vec();
        out
    }

    /// Returns the rest at the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        match &self.secrets.patterns {
            Some(patterns) => patterns.replace(&held, More::Nothing).0,
            None => held,
        }
    }
}

/// Whether a stream goes on after the bytes at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    MayCome,
    Nothing,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact_in_pieces(secrets: &[&str], pieces: &[&str]) -> String {
        let secrets = Secrets::new(secrets.iter().map(ToString::to_string));
        let mut redactor = Redactor::new(secrets);
        let mut out = Vec::new();
        for piece in pieces {
            out.extend(redactor.push(piece.as_bytes()));
        }
        out.extend(redactor.finish());
        String::from_utf8(out).expect("the texts are UTF-8")
    }

    #[test]
    fn a_secret_is_replaced_wherever_the_stream_is_cut() {
        let text = "token=hunter2hunter2; again hunter2";
        for cut in 0..text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(
                redact_in_pieces(&["hunter2"], &[a, b]),
                "token=[redacted][redacted]; again [redacted]"
            );
        }
    }

    #[test]
    fn the_longer_of_two_overlapping_secrets_is_replaced_as_a_whole() {
        assert_eq!(
            redact_in_pieces(&["abc", "abcdef"], &["xabc", "defx abcd"]),
            "x[redacted]x [redacted]d"
        );
    }

    #[test]
    fn text_that_only_starts_like_a_secret_is_kept() {
        assert_eq!(
            redact_in_pieces(&["hunter2"], &["hunt", "er3 hunter"]),
            "hunter3 hunter"
        );
    }

    /// Replaces secrets in a whole text, at each position the longest that starts there.
    fn redact_at_once(secrets: &[String], text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let found = secrets.iter().filter(|secret| rest.starts_with(*secret));
            let len = match found.map(String::len).max() {
                Some(len) => {
                    out.push_str("[redacted]");
                    len
                }
                None => {
                    out.push(first);
                    first.len_utf8()
                }
            };
            rest = &rest[len..];
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_stream_in_pieces_is_redacted_as_the_whole_is(
            secrets in prop::collection::vec("[ab]{1,6}|[a-c]{1,3}", 0..4),
            pieces in prop::collection::vec("[a-c]{0,8}", 0..8),
        ) {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let parts: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let expected = redact_at_once(&secrets, &pieces.concat());
            prop_assert_eq!(redact_in_pieces(&parts, &pieces), expected);
        }

        #[test]
        fn bytes_are_held_only_where_a_secret_may_be_cut_off(secret in "[ab]{1,8}", text in "[ab]{0,20}") {
            let mut redactor = Redactor::new(Secrets::new([secret.clone()]));
            redactor.push(text.as_bytes());
            let held = redactor.held.len();
            prop_assert!(held < secret.len());
            prop_assert!(secret.as_bytes().starts_with(&redactor.held));
        }
    }
}
