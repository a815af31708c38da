//! The result of a check, for a person (`Display`) and for a program (`Serialize`, every field always there).

use std::collections::BTreeMap;
use std::fmt;

use codehook_python::RUNTIME;
use codehook_template::{Mapping, Template, TokenUse};
use serde::Serialize;

use crate::check::compile::Complaint;
use crate::check::hosts::{self, Host, HostKind};
use crate::check::warning::Warning;
use crate::rejection::Rejection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Compiles,
    DoesNotCompile,
    Rejected,
}

/// What `codehook check` found.
#[derive(Debug, Serialize)]
pub(crate) struct CheckReport {
    status: Status,
    runtime: &'static str,
    file: String,
    tokens: Vec<TokenUse>,
    hosts: Vec<Host>,
    warnings: Vec<Warning>,
    error: Option<Rejection>,
    /// What the interpreter wrote about a script that does not compile.
    interpreter_output: String,
}

impl CheckReport {
    /// Of a template that could be rendered; `complaint` says why it does not compile.
    pub(crate) fn new(
        template: &Template,
        mapping: &Mapping,
        complaint: Option<Complaint>,
        warnings: Vec<Warning>,
    ) -> Self {
        let (status, error, interpreter_output) = match complaint {
            None => (Status::Compiles, None, String::new()),
            Some(Complaint { error, text }) => (Status::DoesNotCompile, Some(error), text),
        };
        Self {
            status,
            runtime: RUNTIME,
            file: template.display_name().to_owned(),
            tokens: template.tokens().cloned().collect(),
            hosts: hosts::hosts(template, mapping),
            warnings,
            error,
            interpreter_output,
        }
    }

    /// Of input that was refused.
    pub(crate) fn rejected(file: String, rejection: Rejection) -> Self {
        Self {
            status: Status::Rejected,
            runtime: RUNTIME,
            file,
            tokens: Vec::new(),
            hosts: Vec::new(),
            warnings: Vec::new(),
            error: Some(rejection),
            interpreter_output: String::new(),
        }
    }

    pub(crate) fn error_message(&self) -> Option<String> {
        self.error.as_ref().map(|error| error.message.clone())
    }

    fn write_tokens(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for token in &self.tokens {
            places
                .entry(format!("@{}@", token.name))
                .or_default()
                .push(token.position.to_string());
        }
        writeln!(f, "tokens: {}", count(places.len()))?;
        write_places(f, &places)
    }

    fn write_hosts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for host in &self.hosts {
            let shown = match host.kind {
                HostKind::Fixed => host.host.clone(),
                HostKind::Token => format!("{} (a token)", host.host),
                HostKind::Computed => format!("{} (computed)", host.host).trim_start().to_owned(),
            };
            places
                .entry(shown)
                .or_default()
                .push(host.position.to_string());
        }
        writeln!(f, "hosts in string literals: {}", count(places.len()))?;
        write_places(f, &places)
    }
}

fn write_places(f: &mut fmt::Formatter<'_>, places: &BTreeMap<String, Vec<String>>) -> fmt::Result {
    let width = places
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    for (name, places) in places {
        writeln!(f, "  {name:<width$}  {}", places.join(" "))?;
    }
    Ok(())
}

fn count(number: usize) -> String {
    match number {
        0 => "none".to_owned(),
        some => some.to_string(),
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.error {
            None => writeln!(f, "{file}: compiles as {}", self.runtime)?,
            Some(error) => {
                writeln!(f, "{error}")?;
                for line in self.interpreter_output.lines() {
                    writeln!(f, "    {line}")?;
                }
            }
        }
        self.write_tokens(f)?;
        self.write_hosts(f)?;
        writeln!(f, "warnings: {}", count(self.warnings.len()))?;
        for Warning {
            message, position, ..
        } in &self.warnings
        {
            writeln!(f, "{file}:{position}: warning: {message}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::template;

    fn report(template: &Template) -> CheckReport {
        let mapping = Mapping::default();
        let warnings = crate::check::warnings(template, &mapping);
        CheckReport::new(template, &mapping, None, warnings)
    }

    #[test]
    fn the_report_for_programs_has_tokens_hosts_and_warnings_with_places() {
        let template = template("x = 'https://a.test/@UserId@'\npassword = 'hunter2'\n");
        let report = report(&template);
        let shown = serde_json::to_value(&report).expect("JSON");
        assert_eq!(shown["status"], "compiles");
        assert_eq!(shown["tokens"][0]["name"], "UserId");
        assert_eq!(shown["tokens"][0]["column"], 21);
        let host = serde_json::json!({"host": "a.test", "kind": "fixed", "line": 1, "column": 6});
        assert_eq!(shown["hosts"][0], host);
        assert_eq!(shown["warnings"][0]["kind"], "credential");
        assert_eq!(shown["warnings"][0]["line"], 2);
        assert!(shown["error"].is_null());
    }

    #[test]
    fn the_report_for_a_person_begins_lines_with_file_line_and_column() {
        let template = template("password = 'hunter2'\n");
        let text = report(&template).to_string();
        assert!(
            text.starts_with("hook.py: compiles as python2.7\n"),
            "{text}"
        );
        assert!(text.contains("hook.py:1:13: warning: "), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_person_sees_tokens_as_they_are_written() {
        let template = template("x = '@UserId@ @UserId@'\n");
        let text = report(&template).to_string();
        assert!(text.contains("\n  @UserId@  1:6 1:15\n"), "{text}");
    }

    #[test]
    fn a_rejected_template_has_the_same_shape() {
        let report = CheckReport::rejected("hook.py".to_owned(), Rejection::usage("no"));
        let shown = serde_json::to_value(&report).expect("JSON");
        assert_eq!(shown["status"], "rejected");
        assert_eq!(shown["error"]["message"], "no");
        assert!(shown["warnings"].as_array().is_some_and(Vec::is_empty));
    }
}
