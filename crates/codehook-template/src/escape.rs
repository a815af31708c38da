//! The spelling of a value in each context of a script.
//!
//! Owns the spelling only: whether a value may be written in a context at all is decided in `render`. Whatever is
//! written here is printable ASCII on one line, so that a script needs no coding line for it and no line number moves.

/// Whether the first character could be read together with an octal sequence before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Anything,
    ShortOctal,
}

/// Checks whether `byte`, at the start of a text, must be escaped because of the text before it.
pub(crate) fn lengthens(before: Before, byte: u8) -> bool {
    before == Before::ShortOctal && matches!(byte, b'0'..=b'7')
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'\'' | b'"')
}

pub(crate) fn push_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend(format!("\\x{byte:02x}").bytes());
}

/// Writes a value for a non-raw `str` literal, which then holds the value's UTF-8 bytes.
pub(crate) fn byte_literal(value: &str, before: Before, out: &mut Vec<u8>) {
    for (at, byte) in value.bytes().enumerate() {
        if is_plain(byte) && !(at == 0 && lengthens(before, byte)) {
            out.push(byte);
        } else {
            push_hex(out, byte);
        }
    }
}

/// Writes a value for a non-raw `unicode` literal, which then holds the value's characters. The interpreter stores each
/// in one unit (UCS-4), so that `\U` needs no surrogates.
pub(crate) fn unicode_literal(value: &str, before: Before, out: &mut Vec<u8>) {
    for (at, character) in value.chars().enumerate() {
        match u32::from(character) {
            code @ 0..0x80 => {
                let byte = code as u8;
                if is_plain(byte) && !(at == 0 && lengthens(before, byte)) {
                    out.push(byte);
                } else {
                    push_hex(out, byte);
                }
            }
            code @ 0x80..0x1_0000 => out.extend(format!("\\u{code:04x}").bytes()),
            code => out.extend(format!("\\U{code:08x}").bytes()),
        }
    }
}

/// Writes a value for a comment. No program reads it: the escapes only keep it on its line and in ASCII.
pub(crate) fn comment(value: &str, out: &mut Vec<u8>) {
    for character in value.chars() {
        match character {
            ' '..='~' => out.push(character as u8),
            _ => out.extend(character.escape_default().to_string().bytes()),
        }
    }
}

/// Checks whether `text` is one number as Python 2.7 writes it and the event meant it: an integer or a decimal
/// fraction, perhaps with an exponent. No leading zero (Python reads `010` as eight), no sign, no suffix.
pub(crate) fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn byte_literals_get_utf8_bytes() {
        let text = written(|out| byte_literal("a\\'\"\n\0é%{}", Before::Anything, out));
        assert_eq!(text, r"a\x5c\x27\x22\x0a\x00\xc3\xa9%{}");
        assert_eq!(
            written(|out| byte_literal("77", Before::ShortOctal, out)),
            r"\x377"
        );
    }

    #[test]
    fn unicode_literals_get_characters() {
        let text = written(|out| unicode_literal("a'\u{7f}\u{80}é€😀", Before::Anything, out));
        assert_eq!(text, r"a\x27\x7f\u0080\u00e9\u20ac\U0001f600");
    }

    #[test]
    fn comments_stay_on_their_line() {
        assert_eq!(
            written(|out| comment("a\r\nb\x0c\u{2028}", out)),
            r"a\r\nb\u{c}\u{2028}"
        );
    }

    #[test]
    fn numbers_are_plain_and_decimal() {
        for text in ["0", "7", "1200", "0.5", "10.50", "1e3", "1E-3", "2.5e+10"] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "", "010", "00", "00.5", "-1", "+1", "1.", ".5", "1e", "0x10", "1L", "1j", "1_0", "1 ",
            "nan", "1.2.3", "٣",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
