//! A template and two values: the script is the template with exactly the values in it, or there is none.

use codehook_template::{Mapping, RenderError, Template, TokenValues};
use serde_json::json;

use crate::oracle;
use crate::parts;

/// What stands for the tokens in the script that the rendered one is compared with.
const MARKERS: [(&str, &str); 2] = [("@A@", "zTqz"), ("@B@", "zTwz")];
/// Parts of markers: where a template has one of its own, two literals side by side could make a marker.
const MARKER_PARTS: [&str; 3] = ["zT", "qz", "wz"];

/// Template, value of `@A@` and value of `@B@`. The oracle is CPython's parser: see `oracle.py`.
///
/// # Panics
/// When a value becomes anything but itself, or rendering fails for a reason that it knows to be a mistake of its own.
pub fn template(data: &[u8]) {
    let [source, a, b] = parts(data);
    let (Ok(a), Ok(b)) = (str::from_utf8(a), str::from_utf8(b)) else {
        return;
    };
    let mapping =
        Mapping::from_json(br#"{"tokens": {"A": {"default": ""}, "B": {"default": ""}}}"#)
            .expect("a mapping that is one");
    let Ok(template) = Template::parse_with(source, "hook.py", &mapping) else {
        return;
    };
    let together: Vec<u8> = template
        .pieces()
        .flat_map(|piece| piece.text)
        .copied()
        .collect();
    assert_eq!(
        together,
        without_bom(source),
        "the pieces are not the template"
    );
    let mut values = TokenValues::new();
    values.insert("A".parse().expect("a name"), a);
    values.insert("B".parse().expect("a name"), b);
    let rendered = match template.render(&values) {
        Ok(rendered) => rendered.script,
        Err(error @ RenderError::Diverged { .. }) => panic!("{error}"),
        Err(_) => return,
    };
    compare(source, &rendered, [a, b]);
}

fn compare(source: &[u8], rendered: &[u8], values: [&str; 2]) {
    let Ok(text) = str::from_utf8(source) else {
        return;
    };
    if MARKER_PARTS.iter().any(|part| text.contains(part)) {
        return;
    }
    let marked = marked(text);
    let answer = oracle::ask(&json!({
        "marked": hex::encode(marked),
        "rendered": hex::encode(rendered),
        "values": {MARKERS[0].1: values[0], MARKERS[1].1: values[1]},
    }));
    assert!(
        answer == "same" || answer == "skip",
        "{answer}\ntemplate: {text:?}\nvalues: {values:?}\nscript: {:?}",
        String::from_utf8_lossy(rendered)
    );
}

/// The template with markers in place of its tokens, left to right in one pass.
fn marked(mut text: &str) -> String {
    let mut marked = String::new();
    while let Some(at) = text.find('@') {
        marked.push_str(&text[..at]);
        text = &text[at..];
        let token = MARKERS.iter().find(|(token, _)| text.starts_with(token));
        let (from, to) = token.unwrap_or(&("@", "@"));
        marked.push_str(to);
        text = &text[from.len()..];
    }
    marked + text
}

fn without_bom(source: &[u8]) -> &[u8] {
    source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source)
}
