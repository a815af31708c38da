//! The rendered script for a person's eyes: what ran, without its secrets.

use codehook_template::Rendered;

use crate::terminal;

const REDACTED: &[u8] = b"[redacted]";

/// The script with every spelling of every secret replaced.
pub(crate) fn redacted(rendered: &Rendered) -> Vec<u8> {
    let mut out = Vec::with_capacity(rendered.script.len());
    let mut rest = rendered.script.as_slice();
    while let Some(&first) = rest.first() {
        // Longest first, as `Rendered` promises: a secret that holds another goes as a whole.
        let secret = rendered
            .secrets
            .iter()
            .find(|secret| rest.starts_with(secret.as_bytes()));
        match secret {
            Some(secret) => {
                out.extend_from_slice(REDACTED);
                rest = &rest[secret.len()..];
            }
            None => {
                out.push(first);
                rest = &rest[1..];
            }
        }
    }
    out
}

/// Shows it on standard error, where it does not mix with the script's own output.
pub(crate) fn show(script: &[u8]) {
    terminal::note("the script as it is run:");
    terminal::stderr(script);
    if !script.ends_with(b"\n") {
        terminal::stderr(b"\n");
    }
    terminal::note("end of the script");
}

#[cfg(test)]
mod tests {
    use codehook_template::{Template, TokenValues};

    use super::*;

    #[test]
    fn no_spelling_of_a_secret_is_shown() {
        let template = Template::parse(b"a = '@secret.KEY@'\nb = u'@secret.KEY@'\n", "hook.py")
            .expect("a template");
        let mut values = TokenValues::new();
        values.insert("secret.KEY".parse().expect("a name"), "it's\u{e9}");
        let rendered = template.render(&values).expect("a script");
        let shown = String::from_utf8(redacted(&rendered)).expect("text");
        assert_eq!(shown, "a = '[redacted]'\nb = u'[redacted]'\n");
    }
}
