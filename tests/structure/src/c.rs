//! Imports among C files: `#include` of a header beside them, and uses of functions and variables of another file.
//!
//! Sources are read token by token, without the preprocessor: both sides of an `#if` count. A file that uses a macro
//! uses the names in the macro's body.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::graph::Graph;
use crate::{StructureError, files_below, read, relative};

/// A file's tokens and headers.
#[derive(Debug, Default)]
struct Source {
    includes: BTreeSet<String>,
    /// The names in the bodies of macros, by the macros' names.
    macros: BTreeMap<String, BTreeSet<String>>,
    /// Names, numbers and single punctuation marks.
    tokens: Vec<String>,
}

/// Returns the imports among the `.c` and `.h` files of a folder. Files are named relative to `base`.
pub fn imports(folder: &Path, base: &Path) -> Result<Graph, StructureError> {
    let mut sources = BTreeMap::new();
    for path in files_below(folder, &["c", "h"])? {
        sources.insert(relative(&path, base), Source::parse(&read(&path)?));
    }
    let mut definitions: BTreeMap<&str, &str> = BTreeMap::new();
    for (file, source) in sources.iter().filter(|(file, _)| file.ends_with(".c")) {
        definitions.extend(
            source
                .definitions()
                .into_iter()
                .map(|name| (name, file.as_str())),
        );
    }
    let macros = || sources.values().flat_map(|source| &source.macros);
    let macros: BTreeMap<&str, &BTreeSet<String>> =
        macros().map(|(name, body)| (name.as_str(), body)).collect();
    let mut graph = Graph::default();
    for (file, source) in &sources {
        graph.add_file(file);
        for included in &source.includes {
            let beside = Path::new(file).with_file_name(included);
            if let Some((header, _)) = sources.get_key_value(&*beside.to_string_lossy()) {
                graph.add(file, header, included);
            }
        }
        for name in expanded(source.uses(), &macros) {
            if let Some(definer) = definitions.get(name)
                && Path::new(definer).file_stem() != Path::new(file).file_stem()
            {
                graph.add(file, definer, name);
            }
        }
    }
    Ok(graph)
}

/// Adds the names in the bodies of the macros among these names, and in the bodies of the macros there.
fn expanded<'a>(
    names: BTreeSet<&'a str>,
    macros: &BTreeMap<&str, &'a BTreeSet<String>>,
) -> BTreeSet<&'a str> {
    let mut all = BTreeSet::new();
    let mut left: Vec<&str> = names.into_iter().collect();
    while let Some(name) = left.pop() {
        if all.insert(name)
            && let Some(body) = macros.get(name)
        {
            left.extend(body.iter().map(String::as_str));
        }
    }
    all
}

impl Source {
    fn parse(text: &str) -> Self {
        let mut source = Self::default();
        let text = without_comments(&text.replace("\\\n", " "));
        for line in text.lines() {
            let directive = line.trim_start().strip_prefix('#').map(str::trim_start);
            match directive {
                Some(directive) if directive.starts_with("include") => {
                    source
                        .includes
                        .extend(directive.split('"').nth(1).map(str::to_owned));
                }
                Some(directive) if directive.starts_with("define") => {
                    let mut names = tokens(directive)
                        .into_iter()
                        .skip(1)
                        .filter(|name| is_name(name));
                    if let Some(name) = names.next() {
                        source.macros.entry(name).or_default().extend(names);
                    }
                }
                Some(_) => {}
                None => source.tokens.extend(tokens(line)),
            }
        }
        source
    }

    /// The names that this file defines for others: functions with a body and variables, unless they are static.
    fn definitions(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for (declaration, body) in self.declarations() {
            let says = |word: &str| declaration.contains(&word);
            let is_type =
                declaration.len() == 2 && ["struct", "union", "enum"].contains(&declaration[0]);
            if is_type || ["static", "typedef", "extern"].into_iter().any(says) {
                continue;
            }
            let before = |mark: &str| {
                let at = declaration.iter().position(|token| *token == mark)?;
                declaration[..at].last().copied()
            };
            let name = match (declaration.contains(&"("), body) {
                (true, true) => function_name(&declaration),
                (false, _) if declaration.len() > 1 => before("=")
                    .or_else(|| before("["))
                    .or_else(|| declaration.last().copied()),
                _ => None,
            };
            names.extend(name.filter(|name| is_name(name)));
        }
        names
    }

    /// The tokens of each declaration outside of all braces, and whether a block in braces belongs to it.
    fn declarations(&self) -> Vec<(Vec<&str>, bool)> {
        let mut found = Vec::new();
        let mut current = Vec::new();
        let (mut depth, mut body) = (0_usize, false);
        for token in self.tokens.iter().map(String::as_str) {
            match token {
                "{" => {
                    depth += 1;
                    body = true;
                }
                "}" => {
                    depth = depth.saturating_sub(1);
                    // Nothing follows a function's body; a type's may be followed by a variable.
                    if depth == 0 && current.contains(&"(") && !current.contains(&"=") {
                        found.push((std::mem::take(&mut current), std::mem::take(&mut body)));
                    }
                }
                _ if depth > 0 => {}
                ";" => found.push((std::mem::take(&mut current), std::mem::take(&mut body))),
                token => current.push(token),
            }
        }
        found
    }

    /// The names in code: in blocks and in initial values. A field's name is none.
    fn uses(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let (mut depth, mut in_value) = (0_usize, false);
        let mut before = ["", ""];
        for token in self.tokens.iter().map(String::as_str) {
            match token {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                "=" if depth == 0 => in_value = true,
                ";" if depth == 0 => in_value = false,
                _ => {}
            }
            let field = before[1] == "." || before == ["-", ">"];
            if (depth > 0 || in_value) && is_name(token) && !field {
                names.insert(token);
            }
            before = [before[1], token];
        }
        names
    }
}

/// Splits a line into names, numbers, literals and single punctuation marks.
fn tokens(line: &str) -> Vec<String> {
    let part_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' || first == '\'' {
            literal(rest)
        } else if part_of_a_name(first) {
            rest.find(|letter| !part_of_a_name(letter))
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

/// Returns the name before the last of the lists in parentheses: those before it belong to attributes.
fn function_name<'a>(declaration: &[&'a str]) -> Option<&'a str> {
    let mut depth = 0_usize;
    let mut name = None;
    for (at, token) in declaration.iter().enumerate() {
        match *token {
            "(" => {
                if depth == 0 {
                    name = at.checked_sub(1).map(|before| declaration[before]);
                }
                depth += 1;
            }
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    name
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Returns the length of the string or character that the text begins with.
fn literal(text: &str) -> usize {
    let mut letters = text.char_indices();
    let quote = letters.next().map(|(_, quote)| quote);
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if Some(letter) == quote {
            return at + letter.len_utf8();
        }
    }
    text.len()
}

/// Puts a space in the place of every comment; line ends stay.
fn without_comments(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        left.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if let Some(comment) = rest.strip_prefix("/*") {
            let length = comment.find("*/").map_or(rest.len(), |end| end + 4);
            left.push(' ');
            left.extend(rest[..length].matches('\n'));
            length
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            let length = if rest.starts_with('/') {
                1
            } else {
                literal(rest)
            };
            left.push_str(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    left + rest
}
