//! Replaces secrets in a stream of bytes, also where a secret is cut in two by the pieces it arrives in.

use std::sync::Arc;

/// What stands in the place of a secret.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

/// The secrets of one run. Never shown by `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Longest first, so that a secret which holds another is replaced as a whole.
    values: Arc<[Vec<u8>]>,
}

impl Secrets {
    pub(crate) fn new<I: IntoIterator<Item = String>>(values: I) -> Self {
        let mut values: Vec<Vec<u8>> = values
            .into_iter()
            .map(String::into_bytes)
            .filter(|value| !value.is_empty())
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self {
            values: values.into(),
        }
    }

    /// `text` with every secret replaced.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        let mut redactor = Redactor::new(self.clone());
        let mut out = redactor.push(text.as_bytes());
        out.extend(redactor.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The secret that `rest` starts with.
    fn at(&self, rest: &[u8]) -> Option<usize> {
        self.values
            .iter()
            .find(|value| rest.starts_with(value))
            .map(Vec::len)
    }

    /// `data` with every secret replaced, up to where a secret may be cut off by its end; and where that is.
    fn replace(&self, data: &[u8], more: More) -> (Vec<u8>, usize) {
        let mut out = Vec::with_capacity(data.len());
        let mut position = 0;
        while position < data.len() {
            let rest = &data[position..];
            if more == More::MayCome && self.may_start_at(rest) {
                break;
            }
            if let Some(length) = self.at(rest) {
                out.extend_from_slice(REDACTED);
                position += length;
            } else {
                out.push(data[position]);
                position += 1;
            }
        }
        (out, position)
    }

    /// Whether `rest` could become a secret with more bytes after it.
    fn may_start_at(&self, rest: &[u8]) -> bool {
        self.values
            .iter()
            .any(|value| value.len() > rest.len() && value.starts_with(rest))
    }
}

/// Redacts one stream.
pub(crate) struct Redactor {
    secrets: Secrets,
    /// The end of what has arrived, as far as it may be the start of a secret.
    held: Vec<u8>,
}

impl Redactor {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            held: Vec::new(),
        }
    }

    /// What can be shown after `piece` has arrived.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        if self.secrets.values.is_empty() {
            return piece.to_vec();
        }
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(piece);
        let (out, rest) = self.secrets.replace(&data, More::MayCome);
        self.held = data[rest..].to_vec();
        out
    }

    /// The rest, at the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        self.secrets.replace(&held, More::Nothing).0
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
}
