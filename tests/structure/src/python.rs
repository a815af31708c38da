//! Imports among Python files: `import` and `from` statements, wherever they stand.

use std::collections::BTreeSet;
use std::path::Path;

use crate::graph::Graph;
use crate::{StructureError, files_below, read, relative};

/// The Python files of a folder, whose modules are found from there.
struct Folder<'a> {
    path: &'a Path,
    /// Files, relative to the folder.
    files: BTreeSet<String>,
}

/// Returns the imports among the Python files of a folder. Files are named relative to `base`.
pub fn imports(folder: &Path, base: &Path) -> Result<Graph, StructureError> {
    let paths = files_below(folder, &["py"])?;
    let all = Folder {
        path: folder,
        files: paths.iter().map(|path| relative(path, folder)).collect(),
    };
    let mut graph = Graph::default();
    for file in &all.files {
        let name = |file: &str| relative(&folder.join(file), base);
        graph.add_file(&name(file));
        for (imported, target) in all.imported(file)? {
            graph.add(&name(file), &name(&target), &imported);
        }
    }
    Ok(graph)
}

impl Folder<'_> {
    /// Returns what a file imports from the others: each name with the file that defines it.
    fn imported(&self, file: &str) -> Result<Vec<(String, String)>, StructureError> {
        let text = read(&self.path.join(file))?;
        let statements = statements(&text);
        let absolute = statements
            .iter()
            .any(|words| words.iter().any(|word| word == "absolute_import"));
        let package: Vec<&str> = {
            let mut names: Vec<&str> = file.split('/').collect();
            names.pop();
            names
        };
        let mut found = Vec::new();
        for words in &statements {
            for (dots, module, name) in imported_names(words) {
                let above = match dots {
                    0 => Vec::new(),
                    _ => package[..package.len().saturating_sub(dots - 1)].to_vec(),
                };
                let names = module
                    .split('.')
                    .chain(name.as_deref())
                    .filter(|name| !name.is_empty());
                let path: Vec<&str> = above.into_iter().chain(names).collect();
                // Without the future import, a package's own modules come first.
                let beside = (dots == 0 && !absolute).then(|| [&package[..], &path].concat());
                let target = beside
                    .filter(|beside| {
                        self.file(&beside[..=package.len().min(beside.len() - 1)])
                            .is_some()
                    })
                    .and_then(|beside| self.definer(&beside))
                    .or_else(|| self.definer(&path));
                if let Some(target) = target {
                    found.push((path.join("."), target));
                }
            }
        }
        Ok(found)
    }

    /// Returns the file of the longest part of a dotted name that has one.
    fn definer(&self, path: &[&str]) -> Option<String> {
        (1..=path.len())
            .rev()
            .find_map(|length| self.file(&path[..length]))
    }

    fn file(&self, path: &[&str]) -> Option<String> {
        let path = path.join("/");
        [format!("{path}.py"), format!("{path}/__init__.py")]
            .into_iter()
            .find(|file| self.files.contains(file))
    }
}

/// Returns what a statement imports: the leading dots, the module, and the name from it.
fn imported_names(words: &[String]) -> Vec<(usize, String, Option<String>)> {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !["(", ")"].contains(word))
        .collect();
    let listed = |words: &[&str]| -> Vec<String> {
        words
            .split(|word| *word == ",")
            .filter_map(|one| one.first())
            .map(|name| (*name).to_owned())
            .collect()
    };
    match words.as_slice() {
        ["import", rest @ ..] => listed(rest)
            .into_iter()
            .map(|module| (0, module, None))
            .collect(),
        ["from", rest @ ..] => {
            let Some(at) = rest.iter().position(|word| *word == "import") else {
                return Vec::new();
            };
            let module = rest[..at].concat();
            let dots = module.len() - module.trim_start_matches('.').len();
            let names = listed(&rest[at + 1..]);
            names
                .into_iter()
                .map(|name| {
                    (
                        dots,
                        module[dots..].to_owned(),
                        Some(name).filter(|name| name != "*"),
                    )
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the words of every `import` and `from` statement.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut open = 0_usize;
    let mut rest = text;
    let end = |words: &mut Vec<String>, found: &mut Vec<Vec<String>>| {
        if words
            .first()
            .is_some_and(|first| first == "import" || first == "from")
        {
            found.push(words.clone());
        }
        words.clear();
    };
    while let Some(first) = rest.chars().next() {
        let part_of_a_name =
            |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => {
                words.push("''".to_owned());
                string(rest)
            }
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ if part_of_a_name(first) => {
                let length = rest
                    .find(|letter| !part_of_a_name(letter))
                    .unwrap_or(rest.len());
                words.push(rest[..length].to_owned());
                length
            }
            _ => {
                match first {
                    '(' | '[' | '{' => open += 1,
                    ')' | ']' | '}' => open = open.saturating_sub(1),
                    _ => {}
                }
                // A colon ends what stands before a statement on the same line.
                if open == 0 && ['\n', ';', ':'].contains(&first) {
                    end(&mut words, &mut found);
                } else if !first.is_whitespace() {
                    words.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    end(&mut words, &mut found);
    found
}

/// Returns the length of the string that the text begins with.
fn string(text: &str) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let mark = if text.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let mut at = mark.len();
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with(mark) {
            return at + mark.len();
        }
        at += next.len_utf8();
        if next == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        } else if next == '\n' && mark.len() == 1 {
            return at;
        }
    }
    text.len()
}
