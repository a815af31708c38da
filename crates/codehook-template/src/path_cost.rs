//! The cost of JSONPaths (RFC 9535), bounded by their form: an evaluation cannot be interrupted, so a path whose cost
//! an event could multiply is refused when its mapping is read.

/// The longest path in bytes.
const MAX_PATH_BYTES: usize = 512;
/// Segments of a path, and operators of its filter.
const MAX_PATH_SEGMENTS: usize = 32;

/// Returns why evaluating a path could cost more than a bounded multiple of the event's size. Paths of this form visit
/// each value of an event a bounded number of times.
pub(crate) fn problem(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH_BYTES {
        return Some("has more than 512 bytes");
    }
    let plain = without_strings(path);
    let count = |part: &str| plain.matches(part).count();
    if count("..") > 1 {
        return Some("has more than one `..`");
    }
    if count("?") > 1 {
        return Some("has more than one filter");
    }
    if count("?") == 1 && (count("..") > 0 && plain.find('?') < plain.rfind("..") || count("*") > 1)
    {
        return Some("has a filter with `..` or `*` in it");
    }
    if count("..") == 1 && count("*") > 1 {
        return Some("has several `*` beside `..`");
    }
    if count(",") > 3 || count(",") > 0 && searches(&plain) {
        return Some("selects too many parts at once");
    }
    if let Some((_, filter)) = plain.split_once('?')
        && filter.contains('$')
    {
        return Some("has a filter that looks at the whole event");
    }
    let bytes = plain.as_bytes();
    if (1..bytes.len()).any(|at| {
        bytes[at] == b'(' && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
    }) {
        return Some("calls a function");
    }
    if plain.chars().filter(|c| ".[(!&|,<>=".contains(*c)).count() > MAX_PATH_SEGMENTS {
        return Some("has more than 32 segments and operators");
    }
    None
}

/// Returns whether a path may visit many values of an event.
pub(crate) fn is_search(path: &str) -> bool {
    searches(&without_strings(path))
}

/// The same for a path without its string literals.
fn searches(plain: &str) -> bool {
    ["..", "*", "?", ":"]
        .iter()
        .any(|part| plain.contains(part))
}

/// Returns a path with the content of its string literals left out.
fn without_strings(path: &str) -> String {
    let mut plain = String::new();
    let mut quote = None;
    let mut characters = path.chars();
    while let Some(c) = characters.next() {
        match quote {
            Some(_) if c == '\\' => drop(characters.next()),
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use crate::mapping::{Mapping, MappingError};

    #[test]
    fn a_path_whose_cost_an_event_could_multiply_is_refused() {
        let many = |part: &str, number: usize| part.repeat(number);
        let mapping = |path: &str| {
            let document = serde_json::json!({"tokens": {"A": path}});
            Mapping::from_json(document.to_string().as_bytes())
        };
        for path in [
            format!("${}", many("..a", 5)),
            format!("${}", many("..*", 4)),
            format!("$[?({}@.a{})]", many("(", 40), many(")", 40)),
            format!("$[?{}@.a]", many("!", 3000)),
            format!(
                "{}@.a{}",
                "$[?@".to_owned() + &many("[?@", 20),
                many("]", 21)
            ),
            format!("${}", many("['a','a']", 10)),
            format!("${}", many(".a", 400)),
            "$[?match(@.a, '((a{1,100}){1,100}){1,100}')]".to_owned(),
            "$[?search(@.a, @.b)]".to_owned(),
            "$[?@..a == 1]".to_owned(),
            "$.a[?count($.b[0:])>1]".to_owned(),
            "$.a[?$.b == $.c]".to_owned(),
            "$.a[?length(@.s)>1]".to_owned(),
            "$..[0:,0:,0:,0:]".to_owned(),
            "$.a[0:,0:]".to_owned(),
        ] {
            let refused = mapping(&path);
            assert!(
                matches!(refused, Err(MappingError::PathTooComplex { .. })),
                "{path:.60}: {refused:?}"
            );
        }
        let tokens = |number: usize, path: &str| {
            let tokens = (0..number).map(|number| (format!("T{number}"), path.into()));
            let tokens: serde_json::Map<String, serde_json::Value> = tokens.collect();
            Mapping::from_json(serde_json::json!({"tokens": tokens}).to_string().as_bytes())
        };
        assert!(tokens(200, "$.a").is_ok() && tokens(16, "$..a").is_ok());
        assert!(tokens(201, "$.a").is_err() && tokens(17, "$..a").is_err());
        for path in [
            "$.user.email",
            "$['a..b']['c,d,e,f,g,h']",
            "$.scores[?@.name == 'Risk, high (?..*)'].value",
            "$..email",
            "$.a[0].b[1:3][-1]",
            "$.user.groups[*].name",
        ] {
            mapping(path).unwrap();
        }
    }
}
