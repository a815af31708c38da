//! What holds for every template and every value.

use codehook_template::{MAX_SCRIPT_BYTES, PieceKind, RenderError, Template, TokenValues};
use proptest::prelude::*;

/// Text that is likely to be Python, likely to be broken, and full of tokens.
fn template() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => Just("@UserName@".to_owned()),
        2 => Just("@secret.KEY@".to_owned()),
        2 => prop::sample::select(vec!["'", "\"", "'''", "\"\"\"", "u'", "r'", "ur\"", "b'", "''"])
            .prop_map(String::from),
        2 => prop::sample::select(vec!["\\", "\\1", "\\x4", "\\u00", "\\N{", "}", "\n", "\r\n", "\r", "#", "@", "é"])
            .prop_map(String::from),
        1 => prop::sample::select(vec!["# coding: ", "utf-8", " = ", "(", ")", "x", "7", "print ", " "])
            .prop_map(String::from),
    ];
    prop::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => prop::sample::select(vec![
            "'", "\"", "\\", "\n", "\r", "\0", "#", "7", "u0041", "@UserName@", "é", "-1", "coding: x",
        ])
        .prop_map(String::from),
        1 => ".{0,3}",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn values(name: &str, secret: &str) -> TokenValues {
    let mut values = TokenValues::new();
    values.insert("UserName".parse().unwrap(), name);
    values.insert("secret.KEY".parse().unwrap(), secret);
    values
}

/// Code and the way each literal is written, without what values may fill: literal bodies, comments, numbers and the
/// space that parts two literals.
fn skeleton(template: &Template) -> Vec<String> {
    template
        .pieces()
        .filter(|piece| piece.kind != PieceKind::Comment)
        .map(|piece| match piece.kind {
            PieceKind::Literal(literal) => format!("{literal:?}"),
            _ => String::from_utf8_lossy(piece.text)
                .replace('\r', "\n")
                .replace("\n\n", "\n"),
        })
        .filter(|piece| piece.trim() != "" || piece.contains('\n'))
        .collect()
}

fn line_count(text: &[u8]) -> usize {
    String::from_utf8_lossy(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .split('\n')
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_parsing_panic(source in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(template) = Template::parse(&source, "hook.py") {
            let joined: Vec<u8> = template.pieces().flat_map(|piece| piece.text.to_vec()).collect();
            prop_assert_eq!(joined, source);
        }
    }

    #[test]
    fn a_script_has_its_templates_lines_and_pieces(source in template(), name in value(), secret in value()) {
        let Ok(template) = Template::parse(source.as_bytes(), "hook.py") else { return Ok(()) };
        let rendered = match template.render(&values(&name, &secret)) {
            Ok(rendered) => rendered,
            Err(error) => {
                prop_assert!(error.site().is_some(), "{}", error);
                return Ok(());
            }
        };
        prop_assert_eq!(line_count(&rendered.script), line_count(source.as_bytes()));
        let has_code_tokens = template.tokens().any(|each| each.context == codehook_template::TokenContext::Code);
        if !has_code_tokens && !rendered.script.contains(&b'@') {
            let script = Template::parse(&rendered.script, "script.py").unwrap();
            prop_assert_eq!(skeleton(&script), skeleton(&template));
        }
    }

    #[test]
    fn a_template_without_tokens_is_not_touched(source in "[a-z'\"#\n\\\\@ ]{0,40}") {
        if let Ok(template) = Template::parse(source.as_bytes(), "hook.py") {
            let rendered = template.render(&TokenValues::new()).unwrap();
            prop_assert_eq!(rendered.script, source.into_bytes());
        }
    }

    #[test]
    fn values_add_ascii_only(name in value()) {
        let source = "'@UserName@' + u'@UserName@' # @UserName@".repeat(2);
        let template = Template::parse(format!("\n\n{source}").as_bytes(), "hook.py").unwrap();
        let rendered = template.render(&values(&name, "")).unwrap();
        prop_assert!(rendered.script.is_ascii());
    }
}

#[test]
fn a_script_that_values_blow_up_is_refused() {
    let source = "'@UserName@'\n".repeat(40);
    let template = Template::parse(source.as_bytes(), "hook.py").unwrap();
    let error = template
        .render(&values(&"x".repeat(MAX_SCRIPT_BYTES / 39), ""))
        .unwrap_err();
    assert!(matches!(error, RenderError::TooLarge { .. }), "{error}");
}
