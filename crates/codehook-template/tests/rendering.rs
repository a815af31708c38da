//! What a script looks like once a template's tokens are replaced, context by context, and what is refused.

use codehook_template::{
    Mapping, Refusal, RenderError, Template, TemplateError, TokenContext, TokenValues,
};

fn values(pairs: &[(&str, &str)]) -> TokenValues {
    let mut values = TokenValues::new();
    for (name, value) in pairs {
        values.insert(name.parse().unwrap(), *value);
    }
    values
}

fn render(template: &str, user_name: &str) -> Result<String, RenderError> {
    let template = Template::parse(template.as_bytes(), "hook.py").unwrap();
    let rendered = template.render(&values(&[("UserName", user_name), ("UserId", "7")]))?;
    Ok(String::from_utf8(rendered.script).unwrap())
}

#[track_caller]
fn assert_renders(template: &str, user_name: &str, script: &str) {
    assert_eq!(render(template, user_name).as_deref(), Ok(script));
}

#[track_caller]
fn assert_refused(template: &str, user_name: &str, refusal: Refusal) {
    match render(template, user_name) {
        Err(RenderError::Refused { refusal: found, .. }) => assert_eq!(found, refusal),
        other => panic!("{template} with {user_name:?}: {other:?}"),
    }
}

fn template_error(template: &str) -> TemplateError {
    Template::parse(template.as_bytes(), "hook.py").unwrap_err()
}

#[test]
fn ordinary_literals_take_any_value() {
    let value = "'\"\\\r\n\0é😀@UserId@";
    let bytes = r"\x27\x22\x5c\x0d\x0a\x00\xc3\xa9\xf0\x9f\x98\x80@UserId@";
    let unicode = r"\x27\x22\x5c\x0d\x0a\x00\u00e9\U0001f600@UserId@";
    for quote in ["'", "\"", "'''", "\"\"\""] {
        for (prefix, text) in [("", bytes), ("b", bytes), ("u", unicode)] {
            let template = format!("x = {prefix}{quote}<@UserName@>{quote}\n");
            let script = format!("x = {prefix}{quote}<{text}>{quote}\n");
            assert_renders(&template, value, &script);
        }
    }
}

#[test]
fn the_future_import_makes_plain_literals_unicode() {
    let import = "from __future__ import unicode_literals\n";
    assert_renders(
        &format!("{import}x = '@UserName@', b'@UserName@'"),
        "é",
        &format!("{import}x = '\\u00e9', b'\\xc3\\xa9'"),
    );
}

#[test]
fn a_backslash_before_a_token_stays_a_backslash() {
    assert_renders(r"'\@UserName@'", "n", r"'\\n'");
    assert_renders(r"'\@UserName@'", "", r"'\\'");
    assert_renders(r"'\\@UserName@'", "n", r"'\\n'");
}

#[test]
fn a_value_never_lengthens_an_octal_sequence() {
    assert_renders(r"'\1@UserName@'", "23", r"'\1\x323'");
    assert_renders(r"'\1@UserName@2'", "", r"'\1\x32'");
    assert_renders(r"'\1@UserName@@UserId@'", "", r"'\1\x37'");
    assert_renders(r"'\123@UserName@'", "4", r"'\1234'");
}

#[test]
fn an_empty_value_joins_no_quotes() {
    assert_renders("'@UserName@''a'", "", "'' 'a'");
    assert_renders("'''a'@UserName@'''", "", r"'''a\x27'''");
    assert_renders("'''a''@UserName@'b'''", "", r"'''a\x27\x27'b'''");
    assert_renders(r"'''a\'@UserName@'''", "", r"'''a\''''");
    assert_renders("r'@UserName@''a'", "", "r'' 'a'");
}

#[test]
fn a_token_inside_an_escape_sequence_is_refused() {
    for template in [
        r"'\x@UserName@'",
        r"'\x4@UserName@'",
        r"u'\u@UserName@'",
        r"u'\U0001@UserName@'",
        r"u'\N{@UserName@}'",
        r"u'\N@UserName@'",
        r"ur'\u00@UserName@'",
    ] {
        assert!(
            matches!(template_error(template), TemplateError::InsideEscape { .. }),
            "{template}"
        );
    }
    assert_renders(
        r"'\u@UserName@ \N{@UserName@}'",
        "0041",
        r"'\u0041 \N{0041}'",
    );
}

#[test]
fn raw_literals_take_what_reads_as_itself() {
    assert_renders(r"r'@UserName@'", r"ACME\bob", r"r'ACME\bob'");
    assert_renders(r"r'@UserName@\x'", "a\"b", "r'a\"b\\x'");
    assert_renders(
        r#"r"""@UserName@""""#,
        "say \"hi\" now",
        "r\"\"\"say \"hi\" now\"\"\"",
    );
    assert_renders(r"ur'\u0041@UserName@'", r"a\b", r"ur'\u0041a\b'");
}

#[test]
fn raw_literals_refuse_what_would_read_otherwise() {
    assert_refused("r'@UserName@'", "é", Refusal::RawCharacter);
    assert_refused("r'''@UserName@'''", "a\nb", Refusal::RawCharacter);
    assert_refused("r'@UserName@'", "it's", Refusal::RawEnd);
    assert_refused("r'@UserName@'", "a\\", Refusal::RawEnd);
    assert_refused("r'@UserName@'", "''a''", Refusal::RawEnd);
    assert_refused(r"r'\@UserName@'", "", Refusal::RawEnd);
    assert_refused("r'''@UserName@'''", "a'", Refusal::RawEnd);
    assert_refused("r'''a'@UserName@'''", "", Refusal::RawEnd);
    assert_refused("ur'@UserName@'", r"C:\users", Refusal::RawUnicodeEscape);
    assert_refused(r"ur'\@UserName@'", "u0041", Refusal::RawUnicodeEscape);
    assert_refused(r"ur'@UserName@\u0041'", "\\", Refusal::RawUnicodeEscape);
    assert_refused(
        r"ur'@UserName@@UserName@0041'",
        "\\u",
        Refusal::RawUnicodeEscape,
    );
}

#[test]
fn a_literal_joined_to_a_unicode_one_takes_ascii_only() {
    assert_renders("'@UserName@' u'x'", "a'", r"'a\x27' u'x'");
    assert_refused("'@UserName@' u'x'", "é", Refusal::JoinedToUnicode);
    assert_renders("'@UserName@' + u'x'", "é", r"'\xc3\xa9' + u'x'");
}

#[test]
fn comments_keep_their_line_and_declare_nothing() {
    assert_renders(
        "#\n#\n# @UserName@\nx",
        "a\r\nimport os\u{2028}é",
        "#\n#\n# a\\r\\nimport os\\u{2028}\\u{e9}\nx",
    );
    assert_refused("# @UserName@\n", "coding: utf-7", Refusal::CodingLine);
    assert_refused("\n# en@UserName@\n", "coding=gbk", Refusal::CodingLine);
    assert_renders(
        "\n\n# @UserName@\n",
        "coding: utf-7",
        "\n\n# coding: utf-7\n",
    );
    let error = template_error("# -*- coding: @UserName@ -*-\n");
    assert!(matches!(error, TemplateError::CodingLine { .. }), "{error}");
}

#[test]
fn code_takes_plain_numbers_only() {
    assert_renders("x = @UserName@ * 2", "1.50", "x = 1.50 * 2");
    assert_renders("x = 2 -@UserName@ ** 2", "-3", "x = 2 -(-3) ** 2");
    assert_renders("print @UserName@", "-3", "print (-3)");
    for value in ["010", "1L", "", "x", "1 ", "0x1", "١", "1;import os"] {
        assert_refused("x = @UserName@", value, Refusal::NotANumber);
    }
    assert_refused("f @UserName@", "-1", Refusal::NegativeNumber);
    assert_refused("x[0] @UserName@", "-1", Refusal::NegativeNumber);
    for template in [
        "x@UserName@",
        "@UserName@x",
        "1.@UserName@",
        "@UserName@@UserId@",
        "@UserName@'a'",
    ] {
        assert!(
            matches!(template_error(template), TemplateError::JoinedToCode { .. }),
            "{template}"
        );
    }
}

#[test]
fn errors_name_the_place_and_never_the_value() {
    let error = render("import os\n\nx = r'é @UserName@'\n", "hunter2\n").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("hook.py:3:9: token @UserName@: "),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && text.contains("ordinary quoted string"),
        "{text}"
    );
    let template = Template::parse(b"'@UserEmail@'", "hook.py").unwrap();
    let text = template.render(&values(&[])).unwrap_err().to_string();
    assert!(
        text.starts_with("hook.py:1:2: token @UserEmail@ has no value: "),
        "{text}"
    );
    let text = template_error("x = 1\ny = 'abc\n").to_string();
    assert!(
        text.starts_with("hook.py:2:5: the string that starts here"),
        "{text}"
    );
}

#[test]
fn secrets_are_escaped_and_reported_in_every_spelling() {
    let source = b"k = '@secret.KEY@', u'@secret.KEY@'\nz = '@secret.KEY@@UserId@'\n";
    let template = Template::parse(source, "hook.py").unwrap();
    let rendered = template
        .render(&values(&[
            ("secret.KEY", "p'é"),
            ("secret.OTHER", "unused"),
            ("UserId", "7"),
        ]))
        .unwrap();
    assert_eq!(rendered.secrets, [r"p\x27\xc3\xa9", r"p\x27\u00e9", "p'é"]);
    assert!(!format!("{rendered:?} {template:?}").contains("p'"));
    let missing = template.render(&values(&[])).unwrap_err().to_string();
    assert!(
        missing.contains("@secret.KEY@ has no value: no secret of that name"),
        "{missing}"
    );
}

#[test]
fn encodings_whose_bytes_are_no_characters_are_refused_where_there_are_tokens() {
    let error = template_error("# coding: shift_jis\nx = '@UserId@'\n");
    let text = error.to_string();
    assert!(text.starts_with("hook.py:2:6: token @UserId@"), "{text}");
    assert!(text.contains("shift_jis"), "{text}");
    for encoding in ["utf-8", "latin-1", "cp1252", "koi8-r"] {
        assert_renders(
            &format!("# coding: {encoding}\n'@UserName@'"),
            "é",
            &format!("# coding: {encoding}\n'\\xc3\\xa9'"),
        );
    }
    let untouched = b"# coding: gbk\nx = '\x81\\'\n";
    let template = Template::parse(untouched, "hook.py").unwrap();
    assert_eq!(template.render(&values(&[])).unwrap().script, untouched);
    assert!(matches!(template_error("x\0"), TemplateError::Nul { .. }));
}

#[test]
fn line_ends_stay_but_for_a_lone_cr() {
    assert_renders("'@UserName@'\r\nx\ry\n", "a", "'a'\r\nx\ny\n");
    assert_renders("'\'\'\r@UserName@\n\'\'\'", "", "'\'\'\n\n\'\'\'");
}

#[test]
fn token_uses_are_listed_with_their_contexts() {
    let source =
        "u = '@UserId@' # @UserName@\nr'@UserId@'; ur\"@UserId@\"; u'@UserId@'; @RiskScore@\n";
    let template = Template::parse(source.as_bytes(), "hook.py").unwrap();
    let uses: Vec<_> = template
        .tokens()
        .map(|each| {
            (
                each.name.to_string(),
                each.position.to_string(),
                each.context,
            )
        })
        .collect();
    let expected = [
        ("UserId", "1:6", TokenContext::ByteString),
        ("UserName", "1:18", TokenContext::Comment),
        ("UserId", "2:3", TokenContext::RawByteString),
        ("UserId", "2:17", TokenContext::RawUnicodeString),
        ("UserId", "2:30", TokenContext::UnicodeString),
        ("RiskScore", "2:41", TokenContext::Code),
    ];
    let expected = expected.map(|(name, at, context)| (name.to_owned(), at.to_owned(), context));
    assert_eq!(uses, expected);
}

#[test]
fn what_is_no_token_stays_and_slips_are_pointed_out() {
    let source = r#"css = """@page { size: a4 } @frame header_frame { x } <a@b.example> x@Corp@y @media@"""
@staticmethod
def f(): return '@Useremail@ @Company@ @username@ @Secret.Key@ @UserId@@Foo@'
"#;
    let mut template = Template::parse(source.as_bytes(), "hook.py").unwrap();
    let unknown: Vec<_> = template
        .unknown_tokens()
        .map(|each| {
            (
                each.name.as_str(),
                each.position.line,
                each.suggestion.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        unknown,
        [
            ("Useremail", 3, Some("UserEmail")),
            ("Company", 3, None),
            ("username", 3, Some("UserName")),
            ("Secret.Key", 3, Some("secret.Key")),
            ("Foo", 3, None),
        ]
    );
    let rendered = template.render(&values(&[("UserId", "7")])).unwrap();
    let expected = source.replace("@UserId@", "7");
    assert_eq!(String::from_utf8(rendered.script).unwrap(), expected);
    let mapping = Mapping::from_json(br#"{"tokens": {"Company": {"default": "ACME"}}}"#).unwrap();
    template = Template::parse_with(source.as_bytes(), "hook.py", &mapping).unwrap();
    assert!(
        template
            .tokens()
            .any(|each| each.name.to_string() == "Company")
    );
    assert!(template.unknown_tokens().all(|each| each.name != "Company"));
}
