//! Names of files. On Linux a name is bytes, any but `/` and NUL; here paths are text, so that they can be split and
//! compared. A byte that is no UTF-8 is a character of its own: one of the last 256 of the last plane, which is for
//! private use. Those characters themselves are taken for such bytes, so that every name comes back as it was given.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// The character that represents the byte 0.
const FIRST: u32 = 0x10_ff00;

/// Returns a name as text.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if u32::from(character) < FIRST {
                text.push(character);
            } else {
                let mut buffer = [0; 4];
                escape(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.extend(char::from_u32(FIRST + u32::from(*byte)));
    }
}

/// Returns the bytes of a name, the inverse of [`text_of`].
pub(crate) fn bytes_of(text: &str) -> Cow<'_, [u8]> {
    if text.chars().all(|character| u32::from(character) < FIRST) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character).checked_sub(FIRST) {
            // The last character of all is the one for the byte 255.
            Some(byte) => bytes.push(byte as u8),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// Returns the name as a path for the host's calls.
pub(crate) fn host_name(text: &str) -> Cow<'_, Path> {
    match bytes_of(text) {
        Cow::Borrowed(bytes) => Cow::Borrowed(Path::new(OsStr::from_bytes(bytes))),
        Cow::Owned(bytes) => Cow::Owned(PathBuf::from(OsString::from_vec(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_comes_back_as_it_was_given(bytes: Vec<u8>) {
            let text = text_of(&bytes);
            prop_assert_eq!(bytes_of(&text), bytes);
        }

        #[test]
        fn text_stays_text(name in "[a-z\u{e4}-\u{ff}\u{1f600}]{0,20}") {
            prop_assert_eq!(text_of(name.as_bytes()), name);
        }
    }

    #[test]
    fn characters_that_stand_for_bytes_are_names_as_well() {
        let name = "\u{10ff41}\u{10ffff}".as_bytes();
        assert_eq!(bytes_of(&text_of(name)), name);
        assert_ne!(text_of(name), text_of(b"A\xff"));
    }
}
