//! Conditions of triggers: CEL over an event, in a form whose cost is bounded by its text and the size of the event.
//!
//! An evaluation cannot be interrupted, so what could be long is refused when the hook is saved: deep expressions,
//! nested loops over lists, results that grow with every step, patterns that the event chooses. What is left over is a
//! bound on the event: one with very many values is not searched by a loop.

use cel::{Context, Program, Value as CelValue};
use serde_json::Value;

/// The longest expression in bytes.
const MAX_BYTES: usize = 2048;
/// Operators, member accesses and calls: each may be one level of the expression's tree.
const MAX_OPERATORS: usize = 128;
/// Brackets inside each other.
const MAX_NESTING: usize = 12;
/// Operators `+`, each of which may copy a string or a list of the event.
const MAX_ADDITIONS: usize = 16;
/// Characters of a pattern of `matches`.
const MAX_PATTERN: usize = 100;
/// Values of an event that a condition with a loop is evaluated for.
const MAX_VALUES_IN_LOOP: usize = 1000;
/// Bytes of text in such an event: a step may copy them.
const MAX_TEXT_IN_LOOP: usize = 64 * 1024;
/// Macros that loop over a list.
const LOOPS: [&str; 5] = ["all", "exists", "exists_one", "existsOne", "filter"];

/// Why an expression is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConditionError {
    /// Longer than [`MAX_BYTES`].
    #[error("it has more than {MAX_BYTES} bytes; shorten it, or decide in the script")]
    TooLong,
    /// More than [`MAX_OPERATORS`].
    #[error("it has more than {MAX_OPERATORS} operators; simplify it, or decide in the script")]
    TooManyOperators,
    /// More than [`MAX_ADDITIONS`].
    #[error("it has more than {MAX_ADDITIONS} `+`; simplify it, or decide in the script")]
    TooManyAdditions,
    /// Deeper than [`MAX_NESTING`].
    #[error(
        "its brackets are nested more than {MAX_NESTING} deep; simplify it, or decide in the script"
    )]
    TooDeep,
    /// A string that does not end.
    #[error("a string in it does not end")]
    OpenString,
    /// A loop inside a loop, or an addition inside one.
    #[error(
        "`{0}` stands inside a loop over a list, which takes too long for long lists; decide that in the script"
    )]
    InLoop(String),
    /// A macro whose result grows.
    #[error(
        "`map` is not available in a condition; use `exists` or `all`, or decide in the script"
    )]
    Map,
    /// A pattern that is not written out.
    #[error(
        "there is at most one `matches`, and its pattern is a string of at most {MAX_PATTERN} characters without `{{`, \
         as in `event.X.matches(\"...\")`"
    )]
    Pattern,
    /// A list or map that is built of the event.
    #[error(
        "a list or map in it holds `{0}`; write its values out, such as event.UserName in [\"root\", \"admin\"]"
    )]
    InLiteral(String),
    /// Not CEL.
    #[error("it is no CEL expression: {0}")]
    Syntax(String),
}

/// A condition that can be evaluated for any event.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
    loops: bool,
}

/// A part of an expression, as far as its cost goes.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Mark(char),
}

impl Condition {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// Every [`ConditionError`].
    pub(crate) fn new(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAX_BYTES {
            return Err(ConditionError::TooLong);
        }
        let loops = check(&tokens(text)?)?;
        let program =
            Program::compile(text).map_err(|error| ConditionError::Syntax(error.to_string()))?;
        Ok(Self { program, loops })
    }

    /// Returns whether the condition is true for `event`. One that cannot be evaluated for it is not met.
    pub(crate) fn is_met(&self, event: &Value) -> bool {
        if self.loops && !is_small(event) {
            metrics::counter!("codehook_conditions_refused_total", "why" => "size").increment(1);
            return false;
        }
        let mut context = Context::default();
        if context.add_variable("event", event).is_err() {
            return false;
        }
        matches!(self.program.execute(&context), Ok(CelValue::Bool(true)))
    }
}

/// Splits an expression into words, strings and marks (CEL specification, lexis).
fn tokens(text: &str) -> Result<Vec<Token<'_>>, ConditionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' || first == '\'' {
            // A prefix of the string, such as `r`, is the word before it.
            let raw = matches!(tokens.last(), Some(Token::Word(word)) if word.contains(['r', 'R']) && word.len() <= 2);
            let length = string_length(rest, first, raw).ok_or(ConditionError::OpenString)?;
            tokens.push(Token::Text(&rest[..length]));
            length
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(Token::Word(&rest[..length]));
            length
        } else {
            tokens.push(Token::Mark(first));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// Returns the length of the string literal at the start of `text`, quotes included.
fn string_length(text: &str, quote: char, raw: bool) -> Option<usize> {
    let triple: String = [quote; 3].iter().collect();
    let end = if text.starts_with(&triple) {
        triple.as_str()
    } else {
        &text[..1]
    };
    let mut at = end.len();
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(end) {
            return Some(at + end.len());
        }
        let mut characters = rest.chars();
        at += characters.next()?.len_utf8();
        if !raw && rest.starts_with('\\') {
            at += characters.next()?.len_utf8();
        }
    }
    None
}

/// An open bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// The arguments of a macro that loops.
    Loop,
    /// A list or map that is written out.
    Literal,
    Other,
}

/// Returns what the bracket `mark` opens behind the token `before`.
fn opened(mark: char, before: Option<&Token<'_>>) -> Open {
    match (mark, before) {
        ('(', Some(Token::Word(word))) if LOOPS.contains(word) => Open::Loop,
        ('[', Some(Token::Word(word))) if *word != "in" => Open::Other,
        ('[', Some(Token::Text(_) | Token::Mark(')' | ']' | '}'))) => Open::Other,
        ('[' | '{', _) => Open::Literal,
        _ => Open::Other,
    }
}

/// Whether a word is a value by itself: a number, a constant, or the prefix of a string.
fn is_constant(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
        || ["true", "false", "null", "r", "R", "b", "B", "br", "rb"].contains(&word)
}

/// Checks the bounds; returns whether there is a loop.
fn check(tokens: &[Token<'_>]) -> Result<bool, ConditionError> {
    let (mut operators, mut additions, mut patterns, mut loops) = (0, 0, 0, false);
    let mut open: Vec<Open> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let in_loop = open.contains(&Open::Loop);
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        match token {
            Token::Mark(mark @ ('(' | '[' | '{')) => {
                open.push(opened(*mark, before));
                operators += 1;
            }
            Token::Mark(')' | ']' | '}') => drop(open.pop()),
            Token::Mark(mark @ ('+' | '-' | '*' | '/' | '%')) if in_loop => {
                return Err(ConditionError::InLoop(mark.to_string()));
            }
            Token::Mark(mark) => {
                operators += 1;
                additions += usize::from(*mark == '+');
            }
            Token::Word(word) if open.contains(&Open::Literal) && !is_constant(word) => {
                return Err(ConditionError::InLiteral((*word).to_owned()));
            }
            Token::Word("map") => return Err(ConditionError::Map),
            Token::Word("matches") => {
                patterns += 1;
                if in_loop {
                    return Err(ConditionError::InLoop("matches".to_owned()));
                }
                if patterns > 1 || !has_plain_pattern(&tokens[at..]) || !is_method(tokens, at) {
                    return Err(ConditionError::Pattern);
                }
            }
            Token::Word(word) if LOOPS.contains(word) => {
                if in_loop {
                    return Err(ConditionError::InLoop((*word).to_owned()));
                }
                loops = true;
            }
            Token::Word("in") => operators += 1,
            Token::Word(_) | Token::Text(_) => {}
        }
        if operators > MAX_OPERATORS {
            return Err(ConditionError::TooManyOperators);
        }
        if additions > MAX_ADDITIONS {
            return Err(ConditionError::TooManyAdditions);
        }
        if open.len() > MAX_NESTING {
            return Err(ConditionError::TooDeep);
        }
    }
    Ok(loops)
}

/// Whether the word at `at` is called as a method, whose first argument is the pattern.
fn is_method(tokens: &[Token<'_>], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)) == Some(&Token::Mark('.'))
}

/// Whether `matches` is followed by a short literal and nothing else.
fn has_plain_pattern(tokens: &[Token<'_>]) -> bool {
    let pattern = match tokens {
        [_, Token::Mark('('), Token::Text(text), Token::Mark(')'), ..] => text,
        [
            _,
            Token::Mark('('),
            Token::Word("r" | "R"),
            Token::Text(text),
            Token::Mark(')'),
            ..,
        ] => text,
        _ => return false,
    };
    pattern.chars().count() <= MAX_PATTERN + 2 && !pattern.contains('{')
}

/// Whether a loop over a part of `value` is short, and each of its steps as well. Iterative, since an event may be
/// deep.
fn is_small(value: &Value) -> bool {
    let mut waiting = vec![value];
    let (mut values, mut text) = (0, 0);
    while let Some(value) = waiting.pop() {
        values += 1;
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => {
                text += fields.keys().map(String::len).sum::<usize>();
                waiting.extend(fields.values());
            }
            Value::String(string) => text += string.len(),
            _ => {}
        }
        if values + waiting.len() > MAX_VALUES_IN_LOOP || text > MAX_TEXT_IN_LOOP {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn is_met(text: &str, event: &Value) -> bool {
        Condition::new(text).unwrap().is_met(event)
    }

    #[test]
    fn ordinary_conditions_are_taken() {
        let event = json!({
            "RiskScore": 90, "UserName": "j.doe", "tags": ["a", "b+c"], "user": {"groups": [{"name": "admins"}]}
        });
        for text in [
            "event.RiskScore > 80 && event.UserName != \"root\"",
            "event.tags.exists(t, t.startsWith('b'))",
            "event.user.groups.all(g, g.name == 'admins' || g.name == 'ops')",
            "event.UserName.matches(\"^[a-z]\\\\.[a-z]+$\")",
            "event.UserName.matches(r'^[a-z]\\.')",
            "event.UserName in ['root', \"j.doe\", r'x']",
            "event.tags[0] == 'a' && {'a': 1}['a'] == 1 && -1 in [1, -1]",
            "'b+c' in event.tags // with a comment: ((((((((((((((((",
            "size(event.tags) + 1 == 3",
            "has(event.user) ? true : false",
        ] {
            assert!(is_met(text, &event), "{text}");
        }
        assert!(!is_met("event.Missing > 1", &event));
    }

    #[test]
    fn expressions_that_could_take_long_or_deep_are_refused() {
        let chain = |part: &str, number: usize| part.repeat(number);
        for text in [
            format!("{}1 > 0", chain("1+", 2000)),
            format!("event{} == 1", chain(".a", 6000)),
            format!("event{} == 1", chain("[0]", 200)),
            format!("event{} > 0", chain(".size()", 200)),
            format!("{}true{}", chain("(", 100), chain(")", 100)),
            format!("{}true", chain("!", 200)),
            format!("{}true", chain("true==", 200)),
            "event.a.all(x, event.a.all(y, x + y >= 0))".to_owned(),
            "event.a.all(x, size(event.a + event.a) > 0)".to_owned(),
            "event.a.map(x, x + x).size() > 0".to_owned(),
            "event.x.matches(event.r)".to_owned(),
            "matches(event.x, 'a')".to_owned(),
            "event.x.matches('(a{1,100}){1,100}')".to_owned(),
            format!("event.x.matches('{}')", chain("a", 300)),
            "event.x == 'open".to_owned(),
            "event.a.existsOne(x, event.a.existsOne(y, x < y))".to_owned(),
            format!("[{}event].size() > 0", chain("event,", 30)),
            format!("event.a.all(x, [{}x].size() > 0)", chain("x,", 30)),
            "{'a': event}.size() > 0".to_owned(),
            "event.a.all(x, 'q'.matches('a'))".to_owned(),
            "event.x.matches('a') || event.x.matches('b')".to_owned(),
            "event.a.all(x, event.s - x > 0)".to_owned(),
            "event.".to_owned(),
        ] {
            assert!(Condition::new(&text).is_err(), "{text:.80}");
        }
    }

    #[test]
    fn the_largest_conditions_of_each_form_end_on_large_events() {
        let long = "x".repeat(400_000);
        let event = json!({"s": long, "a": vec![1; 900], "b": vec![1; 100_000]});
        for text in [
            format!("{}true", "true && ".repeat(60)),
            format!("event{} == 1", ".a".repeat(120)),
            format!("({}event.s).size() > 0", "event.s + ".repeat(16)),
            "event.a.all(x, event.s.contains('y') || x > 0)".to_owned(),
            "event.b.exists(x, x > 1)".to_owned(),
            "event.s.matches('(x*)*y')".to_owned(),
        ] {
            Condition::new(&text).unwrap().is_met(&event);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_text_makes_compiling_or_evaluating_fail_hard(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "event", ".", "a", "(", ")", "[", "]", "{", "}", "+", "-", "!", "==", "&&", "||", "?", ":", ",",
                    "x", "all", "exists", "map", "filter", "matches", "size", "'s'", "\"", "1", "0.5", "in", " ", "//",
                ]),
                0..60,
            ),
        ) {
            if let Ok(condition) = Condition::new(&words.concat()) {
                condition.is_met(&json!({"a": [1, "s", {"x": null}]}));
            }
        }
    }
}
