//! A value arrives in the script exactly as it was and is never code, or rendering is refused with token, line and
//! column. The judge is the running interpreter, not a model of it.

use std::cell::Cell;

use codehook_sandbox::Outcome;
use codehook_template::{EventToken, Mapping, Position, RenderError, Template, TokenValues};
use codehook_tests::{TestRun, run, stderr, stdout};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Batches of the property test; each is one run of the interpreter with up to [`BATCH`] templates.
const BATCHES: u32 = 40;
const BATCH: usize = 320;

/// What stands for the tokens in the script that the rendered one is compared with. Plain letters: no text around them
/// changes what they mean.
const MARKERS: [(&str, &str); 2] = [("@A@", "zTqz"), ("@B@", "zTwz")];

/// Writes each pair of scripts to a file, runs both as the interpreter runs any file, and prints what they showed: the
/// line and the characters of each `T(text)`, the line of each `L()`, and the exception that ended them.
const JUDGE: &str = r"
import json, os, sys
def number(text):
    for kind in int, float:
        try: return kind(text)
        except ValueError: pass
def show(source, names):
    shown = []
    def T(value):
        text = map(ord, value) if isinstance(value, basestring) else repr(value)
        shown.append([sys._getframe(1).f_lineno, type(value).__name__, text])
    def L():
        shown.append([sys._getframe(1).f_lineno, 'line', ''])
    with open('/tmp/case.py', 'wb') as file: file.write(source.encode('utf-8'))
    try: execfile('/tmp/case.py', dict(names, T=T, L=L))
    except Exception as e: shown.append([0, type(e).__name__, ''])
    os.remove('/tmp/case.py')
    return shown
results = []
for case in json.loads('@CASES@'.decode('hex')):
    names = dict((name, number(text)) for name, text in case['names'].items())
    results.append([show(case['rendered'], {}), show(case['marked'], names)])
print json.dumps(results)
";

/// A template with tokens A and B, and their values.
#[derive(Debug, Clone)]
struct Case {
    template: String,
    values: [String; 2],
}

/// What rendering made of a case.
enum Made {
    Script(String),
    /// Refused at one of the template's tokens.
    Refused,
    /// Refused because the template is no Python, whatever the values.
    NotPython,
}

fn mapping() -> Mapping {
    Mapping::from_json(br#"{"tokens": {"A": {"default": ""}, "B": {"default": ""}}}"#).unwrap()
}

impl Case {
    fn make(&self) -> Result<Made, TestCaseError> {
        let parsed = Template::parse_with(self.template.as_bytes(), "hook.py", &mapping());
        let message = match parsed {
            Ok(template) => {
                let mut values = TokenValues::new();
                values.insert("A".parse().unwrap(), self.values[0].as_str());
                values.insert("B".parse().unwrap(), self.values[1].as_str());
                match template.render(&values) {
                    Ok(rendered) => {
                        return Ok(Made::Script(String::from_utf8(rendered.script).unwrap()));
                    }
                    Err(error) => error.to_string(),
                }
            }
            Err(error @ codehook_template::TemplateError::UnterminatedString { .. }) => {
                prop_assert!(error.to_string().starts_with("hook.py:"), "{}", error);
                return Ok(Made::NotPython);
            }
            Err(error) => error.to_string(),
        };
        prop_assert!(self.names_a_token(&message), "{}", message);
        Ok(Made::Refused)
    }

    /// Whether `message` starts with `hook.py:LINE:COLUMN: token @NAME@` of a place where the template has that token.
    fn names_a_token(&self, message: &str) -> bool {
        self.template.match_indices('@').any(|(at, _)| {
            let (before, after) = self.template.split_at(at);
            let line = before.split('\n').count();
            let column = before
                .rsplit('\n')
                .next()
                .map_or(0, |text| text.chars().count())
                + 1;
            MARKERS.iter().any(|(token, _)| {
                let place = format!("hook.py:{line}:{column}: token {token}");
                after.starts_with(token) && message.starts_with(&place)
            })
        })
    }

    /// The template with markers in place of its tokens.
    fn marked(&self) -> String {
        let markers = MARKERS.map(|(token, marker)| (characters(token), characters(marker)));
        let marked = replace(&characters(&self.template), &markers);
        marked.into_iter().filter_map(char::from_u32).collect()
    }

    /// What the rendered script must show, given what the marked one shows: the values in place of the markers, their
    /// characters in a `unicode` and their UTF-8 bytes in a `str`.
    fn expected(&self, marked: &Value) -> Value {
        let mut shown = marked.clone();
        for event in shown.as_array_mut().unwrap() {
            let codes = if event[1] == "unicode" {
                characters
            } else {
                bytes
            };
            let pairs = [0, 1].map(|at| (codes(MARKERS[at].1), codes(&self.values[at])));
            if let Ok(text) = serde_json::from_value::<Vec<u32>>(event[2].clone()) {
                event[2] = json!(replace(&text, &pairs));
            }
        }
        shown
    }
}

fn characters(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

fn bytes(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

/// Replaces left to right in one pass: what was put in is not looked at again.
fn replace(mut text: &[u32], pairs: &[(Vec<u32>, Vec<u32>); 2]) -> Vec<u32> {
    let mut replaced = Vec::new();
    while let Some((&first, rest)) = text.split_first() {
        match pairs.iter().find(|(from, _)| text.starts_with(from)) {
            Some((from, to)) => {
                replaced.extend(to);
                text = &text[from.len()..];
            }
            None => {
                replaced.push(first);
                text = rest;
            }
        }
    }
    replaced
}

fn judge(pairs: &[(&Case, String)]) -> Vec<Value> {
    let cases = pairs.iter().map(|(case, rendered)| {
        let [a, b] = &case.values;
        let names = json!({MARKERS[0].1: a, MARKERS[1].1: b});
        json!({"rendered": rendered, "marked": case.marked(), "names": names})
    });
    let cases = cases.collect::<Value>().to_string();
    let hex = hex::encode(cases);
    let report = run(&JUDGE.replace("@CASES@", &hex));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    serde_json::from_str(&stdout(&report)).unwrap()
}

/// One of the texts, which a `;` and a space part.
fn pick(texts: &'static str) -> impl Strategy<Value = String> {
    let texts: Vec<_> = texts.split("; ").map(String::from).collect();
    prop::sample::select(texts)
}

fn value() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => pick("'; \"; \\; \n; \r; \0; #; 7; u0041; @A@; @B@; é; \u{ff}; €; 😀; coding: x"),
        2 => pick("x; plain;  ; \t; %; {; N{DIGIT ONE}; \u{7f}; \u{85}; \u{2028}; \u{feff}; '''; \"\"\""),
        1 => ".{0,3}",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,3})?(e-?[0-9])?",
        1 => pick("010; 1_0; 0x10; 1L; 1j; ; -; --1; 1 ; nan; True; 1\n; ٣; 1)#"),
    ]
}

/// The inside of a literal. A raw unicode literal has no truncated `\u`: no value makes that one legal or illegal.
fn body(raw: bool, quote: &'static str) -> impl Strategy<Value = String> {
    const ANY: &str = "x; 7;  ; é; #; %s; {}; @; @@; @x; A@; \\\\; \\n; \\; \\1; \\12; \\101; \
        \\x41; \\u0041; \\U00000041; \\N{DIGIT ONE}; u0041; \\'; \\\"; \\\n; \\\r\n";
    const BROKEN: &str = "\\x; \\x4; \\u00; \\N{; \\U";
    const TRIPLE: &str = "'; \"; ''; \"\"; \n; \r\n";
    let more = [(true, ANY), (!raw, BROKEN), (quote.len() == 3, TRIPLE)];
    let used = more.into_iter().filter(|(used, _)| *used);
    let texts: Vec<_> = used.flat_map(|(_, texts)| texts.split("; ")).collect();
    let part = prop_oneof![
        3 => Just("@A@".to_owned()),
        2 => Just("@B@".to_owned()),
        4 => prop::sample::select(texts).prop_map(String::from),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn literal() -> impl Strategy<Value = String> {
    let prefix = pick("; ; u; u; r; b; ur; br; U; R; Br; uR");
    let quote = prop::sample::select(vec!["'", "\"", "'''", "\"\"\""]);
    (prefix, quote).prop_flat_map(|(prefix, quote)| {
        let raw = prefix.contains(['r', 'R']);
        body(raw, quote).prop_map(move |body| format!("{prefix}{quote}{body}{quote}"))
    })
}

fn literals() -> impl Strategy<Value = String> {
    let between = pick(";  ;  \\\n; \n; # @B@\n; # é @A@\n");
    (literal(), prop::collection::vec((between, literal()), 0..3)).prop_map(|(first, more)| {
        more.into_iter()
            .fold(first, |text, (between, literal)| text + &between + &literal)
    })
}

fn bare_numbers() -> impl Strategy<Value = String> {
    pick(concat!(
        "@A@; (@A@); [@A@,@B@]; 3-@A@; 3 - @A@; -@A@; -@A@ ** 2; @A@ ** 2; @A@ .real; @A@.real; ",
        "x@A@; 1@A@; @A@@B@; @A@ @B@; @A@(1); [1, 2][@A@]; {@A@: @B@}; max(@A@, @B@); not @A@; ",
        "5 if @A@ else 6; '%s' % @A@; '%s @A@' % @A@; @A@if 1 else 0; 3 @A@; @A@ -@B@; abs(@A@); ",
        "'x'@A@; @A@ # @B@\n; @A@ or 1; ~@A@; T(@A@)",
    ))
}

fn case() -> impl Strategy<Value = Case> {
    let head = pick(concat!(
        "; ; # -*- coding: utf-8 -*-\n; # -*- coding: utf-8 -*-\n; # -*- coding: latin-1 -*-\n; ",
        "from __future__ import unicode_literals\n; # for @A@\n; # coding: @B@\n; #!/bin/x\n\n; ",
        "# coding: utf-8\n'''@A@'''\nfrom __future__ import unicode_literals\n",
    ));
    let tail = pick("; ;  # @A@;  # é");
    let texts = (literals(), [value(), value()]);
    let numbers = (bare_numbers(), [number(), number()]);
    (head, prop_oneof![4 => texts, 1 => numbers], tail).prop_map(
        |(head, (expression, values), tail)| Case {
            template: format!("{head}T({expression}){tail}\nL()\n"),
            values,
        },
    )
}

/// Judges a batch and answers how many values were seen and how many refused.
fn check(cases: &[Case]) -> Result<(u32, u32), TestCaseError> {
    let (mut pairs, mut seen, mut refused) = (Vec::new(), 0, 0);
    for case in cases {
        match case.make()? {
            Made::Script(script) => pairs.push((case, script)),
            Made::NotPython => pairs.push((case, "(".to_owned())),
            Made::Refused => refused += 1,
        }
    }
    for ((case, script), result) in pairs.iter().zip(judge(&pairs)) {
        let expected = case.expected(&result[1]);
        let became = format!("{case:?} became {script:?}");
        prop_assert_eq!(&result[0], &expected, "{}", became);
        seen += u32::from(result[0][0][1] != "SyntaxError");
    }
    Ok((seen, refused))
}

#[test]
fn every_value_is_seen_as_it_is_or_refused_with_its_place() {
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..codehook_tests::cases(BATCHES)
    };
    let counts = Cell::new((0, 0));
    let batches = prop::collection::vec(case(), 1..=BATCH);
    let result = TestRunner::new(config).run(&batches, |cases| {
        let (seen, refused) = check(&cases)?;
        counts.set((counts.get().0 + seen, counts.get().1 + refused));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (seen, refused) = counts.get();
    assert!(
        seen > 500 && refused > 200,
        "too few cases say anything: {seen} seen, {refused} refused"
    );
}

/// Defines `T`, which prints a text's type and its bytes or UTF-32 characters in hexadecimal.
const SHOW: &str = "def T(x): print type(x).__name__, (x.encode('utf-32-be') if isinstance(x, unicode) else x).encode('hex')\n";

/// Values with what may go wrong with them, and whether `r''` and `ur''` can hold them.
const VALUES: [(&str, bool, bool); 14] = [
    ("plain", true, true),
    ("", true, true),
    ("it's", false, false),
    ("say \"x\"", true, true),
    ("'''\"\"\"", false, false),
    ("C:\\temp\\new", true, true),
    ("ends with \\", false, false),
    ("\\u0041", true, false),
    ("two\nlines\r\nand\rmore\n", false, false),
    ("nul\0here", false, false),
    ("n\u{e9}\u{20ac}\u{1f600}\u{7f}", false, false),
    ("@UserId@ and @UserName@", true, true),
    ("%s {0} # \t", true, true),
    ("'; import os; print 'pwned", false, false),
];

/// A template with `@UserName@`, and the types of what `T` shows.
const LITERALS: [(&str, &str); 12] = [
    ("'@UserName@'", "str"),
    ("\"@UserName@\"", "str"),
    ("'''@UserName@'''", "str"),
    ("\"\"\"@UserName@\"\"\"", "str"),
    ("b'@UserName@'", "str"),
    ("u'@UserName@'", "unicode"),
    ("u\"@UserName@\"", "unicode"),
    ("u'''@UserName@'''", "unicode"),
    ("U\"\"\"@UserName@\"\"\"", "unicode"),
    ("r'@UserName@'", "raw str"),
    ("bR'@UserName@'", "raw str"),
    ("ur'@UserName@'", "raw unicode"),
];

fn shown(kind: &str, value: &str) -> String {
    let hex: String = match kind {
        "unicode" => value
            .chars()
            .map(|each| format!("{:08x}", u32::from(each)))
            .collect(),
        _ => hex::encode(value),
    };
    format!("{kind} {hex}\n")
}

fn render(template: &str, user_name: &str) -> Result<Vec<u8>, RenderError> {
    let template = Template::parse(template.as_bytes(), "hook.py").unwrap();
    let mut values = TokenValues::new();
    values.insert(EventToken::UserName.into(), user_name);
    values.insert(EventToken::UserId.into(), "substituted twice");
    Ok(template.render(&values)?.script)
}

#[track_caller]
fn assert_prints(template: &str, user_name: &str, expected: &str) {
    let script = render(template, user_name).unwrap_or_else(|error| panic!("{error}"));
    let report = TestRun::new(script).run();
    let note = format!("{template}\n{user_name:?}\n{}", stderr(&report));
    assert_eq!(report.outcome, Outcome::Succeeded, "{note}");
    assert_eq!(stdout(&report), expected, "{note}");
}

/// The exception that the script ends with, as standard error shows it, and what it printed before.
fn failure(template: &str, user_name: &str) -> (String, String) {
    let report = TestRun::new(render(template, user_name).unwrap()).run();
    assert_eq!(report.outcome, Outcome::Failed, "{}", stderr(&report));
    (stderr(&report), stdout(&report))
}

/// The value is refused where its token stands.
#[track_caller]
fn assert_refused(template: &str, user_name: &str, line: usize, column: usize) {
    let error = render(template, user_name).unwrap_err();
    let site = error.site().expect("a refusal has a place");
    assert_eq!(site.position, Position { line, column }, "{error}");
    assert_eq!(site.token, EventToken::UserName.into(), "{error}");
    let start = format!("hook.py:{line}:{column}: token @UserName@");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn each_kind_of_literal_holds_each_kind_of_value() {
    for (literal, kind) in LITERALS {
        let template = format!("{SHOW}T({literal})\n");
        for (value, raw, raw_unicode) in VALUES {
            let holds = match kind {
                "raw str" => raw,
                "raw unicode" => raw_unicode,
                _ => true,
            };
            if holds {
                let shown = shown(kind.trim_start_matches("raw "), value);
                assert_prints(&template, value, &shown);
            } else {
                assert_refused(&template, value, 2, 3 + literal.find('@').unwrap());
            }
        }
    }
}

#[test]
fn values_outside_ascii_need_no_coding_line_and_mind_none() {
    let value = "Søren €\u{1f600}";
    let (bytes, characters) = (shown("str", value), shown("unicode", value));
    let body = format!("{SHOW}T('@UserName@'); T(u'@UserName@'); T(b'@UserName@')\n");
    let heads = "\n; # -*- coding: utf-8 -*-\n# é\n; # coding: latin-1\n# é\n; # coding: ascii\n; \u{feff}# é\n";
    for head in heads.split("; ") {
        let expected = format!("{bytes}{characters}{bytes}");
        assert_prints(&format!("{head}{body}"), value, &expected);
    }
    for head in ["", "# -*- coding: utf-8 -*-\n", "'''@UserName@'''\n"] {
        let template = format!("{head}from __future__ import unicode_literals\n{body}");
        let expected = format!("{characters}{characters}{bytes}");
        assert_prints(&template, value, &expected);
    }
}

/// The same text typed into a UTF-8 template and inserted into it is the same text to the script.
#[test]
fn a_value_equals_the_same_text_typed_into_the_template() {
    let template = "# coding: utf-8\nprint ['@UserName@' == 'é', u'@UserName@' == u'é', 'é@UserName@' == 'éé', u'@UserName@é' == u'éé']\n";
    assert_prints(template, "é", "[True, True, True, True]\n");
}

#[test]
fn text_outside_ascii_in_the_template_itself_needs_a_coding_line_as_in_any_python_file() {
    let (error, _) = failure("print 'é'\nprint '@UserName@'\n", "x");
    let expected = "SyntaxError: Non-ASCII character '\\xc3' in file /hook/hook.py on line 1";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn lines_of_tracebacks_are_the_templates_lines_whatever_the_value() {
    let template = "text = '''\n@UserName@\n''' # @UserName@\n\ndef f(): raise ValueError\ntext += u\"\"\"@UserName@\n\"\"\"\nprint repr(text)\nf()\n";
    let (error, printed) = failure(template, "one\ntwo\r\nthree\n");
    let expected = "u'\\none\\ntwo\\r\\nthree\\n\\none\\ntwo\\r\\nthree\\n\\n'\n";
    assert_eq!(printed, expected);
    for line in ["line 9, in <module>\n", "line 5, in f\n"] {
        assert!(
            error.contains(&format!("\"/hook/hook.py\", {line}")),
            "{error}"
        );
    }
}

const ATTACKS: [&str; 9] = [
    "'; import os; print 'pwned",
    "\"; import os; print \"pwned",
    "'''\nprint 'pwned'\n'''",
    "\"\"\"\nprint 'pwned'\n\"\"\"",
    "\\'; print 'pwned'; '",
    "\\\nprint 'pwned'",
    "\r\nprint 'pwned'\r\n",
    "\u{2028}print 'pwned'\u{85}\x0c",
    "'\0\nprint 'pwned'",
];

#[test]
fn code_in_a_value_is_text_in_every_literal_and_comment() {
    for attack in ATTACKS {
        for (literal, kind) in &LITERALS[..9] {
            let template = format!("{SHOW}T({literal}) # @UserName@\n# @UserName@\n");
            assert_prints(&template, attack, &shown(kind, attack));
        }
        let template = "#@UserName@\nif 1: # @UserName@\n  print 'end'#@UserName@";
        assert_prints(template, attack, "end\n");
    }
}

#[test]
fn code_in_a_value_is_refused_where_only_a_number_can_stand() {
    let more = "1; print 1;; __import__('os');; 1)\nprint('x';; True;; ;;  1;; 1 ;; ١";
    for attack in ATTACKS.into_iter().chain(more.split(";; ")) {
        assert_refused("import sys\n\nprint @UserName@\n", attack, 3, 7);
    }
}

#[test]
fn a_number_can_stand_in_code_as_the_number_it_is() {
    let shown = "87 87, 0 0, -3 -3, 0.5 0.5, 1e3 1000.0, -2.5 -2.5, 99999999999 99999999999";
    for (value, shown) in shown.split(", ").filter_map(|case| case.split_once(' ')) {
        assert_prints("print repr(@UserName@)\n", value, &format!("{shown}\n"));
    }
    for value in ["010", "0x1f", "1_000", "1L", "1j", "+1", ".5", "--1", "nan"] {
        assert_refused("é = 1\nprint repr(é, @UserName@)\n", value, 2, 15);
    }
}

#[test]
fn a_comment_that_would_declare_an_encoding_is_refused() {
    assert_refused("#\n#@UserName@\nprint 'x'\n", "coding: utf-16", 2, 2);
    assert_prints("#\n\n# @UserName@\nprint 'x'\n", "coding: utf-16", "x\n");
}
