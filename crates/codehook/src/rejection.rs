//! Why nothing was run: input that is missing, unreadable or refused, with the place where to correct it.

use codehook_template::{
    EventError, MappingError, Position, RenderError, Site, TemplateError, TokenName, ValueProblem,
};
use serde::Serialize;

/// Input that was refused. Displays as one line that begins with `file:line:column` as far as they are known. Never
/// holds a value of the event or a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Rejection {
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) token: Option<String>,
}

impl Rejection {
    /// About the arguments.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self {
            message: message.to_string(),
            ..Self::default()
        }
    }

    /// About a file as a whole.
    pub(crate) fn file(file: &str, problem: impl std::fmt::Display) -> Self {
        Self {
            message: format!("{file}: {problem}"),
            file: Some(file.to_owned()),
            ..Self::default()
        }
    }

    /// About a place in a file; `message` names both already.
    fn place(message: String, file: &str, position: Option<Position>) -> Self {
        Self {
            message,
            file: Some(file.to_owned()),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            token: None,
        }
    }

    fn site(message: String, site: &Site) -> Self {
        Self {
            token: Some(site.token.to_string()),
            ..Self::place(message, &site.template, Some(site.position))
        }
    }

    pub(crate) fn event(file: &str, error: &EventError) -> Self {
        let position = match error {
            EventError::Json { at, .. }
            | EventError::DuplicateKey { at, .. }
            | EventError::FormNotUtf8 { at } => Some(*at),
            EventError::TooLarge { .. } | EventError::Empty | EventError::NotAnObject { .. } => {
                None
            }
        };
        Self::place(located(file, position, error), file, position)
    }

    pub(crate) fn mapping(file: &str, error: &MappingError) -> Self {
        let position = match error {
            MappingError::Json { at, .. } | MappingError::DuplicateKey { at, .. } => Some(*at),
            _ => None,
        };
        Self::place(located(file, position, error), file, position)
    }

    pub(crate) fn template(file: &str, error: &TemplateError) -> Self {
        let message = error.to_string();
        match error.site() {
            Some(site) => Self::site(message, site),
            None => Self::place(message, file, error.position()),
        }
    }

    pub(crate) fn render(file: &str, error: &RenderError) -> Self {
        match (error, error.site()) {
            (RenderError::NoValue { site, problem }, _) => Self::site(
                format!("{site} has no value: {}", advice(site, problem)),
                site,
            ),
            (_, Some(site)) => Self::site(error.to_string(), site),
            (_, None) => Self::place(error.to_string(), file, None),
        }
    }
}

/// The problem in the words of this program's options.
fn advice(site: &Site, problem: &ValueProblem) -> String {
    match (problem, &site.token) {
        (ValueProblem::NoSecret, TokenName::Secret(name)) => format!(
            "give it with `--secret {name}` (from the environment variable {name}) or `--secret-file {name}=PATH`"
        ),
        (ValueProblem::NoHostname, _) => "give it with `--hostname HOST`".to_owned(),
        _ => problem.to_string(),
    }
}

/// `file:line:column: message`; a message with a position begins with `line:column: ` itself.
fn located(file: &str, position: Option<Position>, error: &impl std::fmt::Display) -> String {
    match position {
        Some(_) => format!("{file}:{error}"),
        None => format!("{file}: {error}"),
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use codehook_template::{Event, Mapping, Template};

    use super::*;

    fn refused(template: &str, event: &str) -> Rejection {
        let template = Template::parse(template.as_bytes(), "hook.py").expect("a template");
        let event = Event::from_json(event.as_bytes()).expect("an event");
        let values = Mapping::default().resolve(&event, None);
        let error = template.render(&values).expect_err("a refusal");
        Rejection::render("hook.py", &error)
    }

    #[test]
    fn a_refused_rendering_names_file_line_column_and_token() {
        let rejection = refused("x = 1\nprint r'@UserName@'\n", r#"{"UserName": "a'b"}"#);
        assert_eq!(rejection.file.as_deref(), Some("hook.py"));
        assert_eq!((rejection.line, rejection.column), (Some(2), Some(9)));
        assert_eq!(rejection.token.as_deref(), Some("UserName"));
        assert!(
            rejection.message.starts_with("hook.py:2:9: "),
            "{rejection}"
        );
    }

    #[test]
    fn a_missing_secret_or_hostname_names_the_option() {
        let rejection = refused("print '@secret.KEY@'\n", "{}");
        assert!(rejection.message.contains("`--secret KEY`"), "{rejection}");
        let rejection = refused("print '@Hostname@'\n", "{}");
        assert!(
            rejection.message.contains("`--hostname HOST`"),
            "{rejection}"
        );
    }

    #[test]
    fn an_event_error_begins_with_file_line_and_column() {
        let error = Event::from_json(b"{\n oops}").expect_err("an error");
        let rejection = Rejection::event("event.json", &error);
        assert!(
            rejection.message.starts_with("event.json:2:2: "),
            "{rejection}"
        );
        assert_eq!((rejection.line, rejection.column), (Some(2), Some(2)));
    }
}
