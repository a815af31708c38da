//! What a hook is: its template, when it runs, what it may reach and use. Read from JSON, checked, and made ready to run.

use std::time::Duration;

use cel::{Context, Program, Value as CelValue};
use codehook_egress::AllowRule;
use codehook_sandbox::RunLimits;
use codehook_template::{Event, EventToken, Mapping, Template, TemplateError, TokenName, TokenUse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;

/// The one runtime that there is.
const RUNTIME: &str = "python2.7";
/// The longest time that a run may have, the product's own limit.
const MAX_TIMEOUT_SECONDS: u32 = 30;
const MAX_ATTEMPTS: u32 = 20;
const MIB: usize = 1024 * 1024;

/// A hook as an administrator writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookDefinition {
    /// The interpreter.
    #[serde(default = "runtime")]
    pub(crate) runtime: String,
    /// The script template, with tokens such as `@UserEmail@`.
    pub(crate) template: String,
    /// Where the tokens' values stand in an event: `{"tokens": {"UserName": {"path": "$.user.name", "default": ""}}}`. Without it the
    /// source's mapping counts, and without that each token is the field of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) mapping: Option<Value>,
    /// Which events start it.
    #[serde(default)]
    pub(crate) trigger: Trigger,
    /// The hosts that it may reach: `api.example.com`, `*.example.com`, `https://api.example.com:8443`.
    #[serde(default)]
    pub(crate) allow: Vec<String>,
    /// The value of `@Hostname@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hostname: Option<String>,
    /// The secrets that it may use, as `@secret.NAME@`.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// What a run may use.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// When it is tried again.
    #[serde(default)]
    pub(crate) retry: Retry,
}

fn runtime() -> String {
    RUNTIME.to_owned()
}

/// Which events start a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Trigger {
    /// By the token `Severity`.
    pub(crate) on: Severity,
    /// A CEL expression over `event` that must be true as well, such as `event.RiskScore > 80`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) when: Option<String>,
}

/// How serious an event is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Every event.
    #[default]
    Any,
    /// Alerts alone.
    Alert,
    /// Warnings alone.
    Warning,
}

/// What a run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Seconds from its start to its end, at most 30.
    pub(crate) timeout_seconds: u32,
    /// Memory in MiB.
    pub(crate) memory_mib: u32,
    /// Runs of this hook under way at the same time; none: as many as the tenant may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub(crate) concurrent_runs: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout_seconds: MAX_TIMEOUT_SECONDS,
            memory_mib: 256,
            concurrent_runs: None,
        }
    }
}

/// When a run is tried again: after a time-out, a crash, or a failure with a server that could not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retry {
    /// Attempts in all, the first one included.
    pub(crate) attempts: u32,
    /// Seconds before the second attempt; doubled before each further one, up to an hour, with some chance in it.
    pub(crate) first_delay_seconds: u32,
    /// Whether a script that fails by itself is tried again as well.
    pub(crate) failures: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay_seconds: 10,
            failures: false,
        }
    }
}

/// A hook that can run.
#[derive(Debug)]
pub(crate) struct ReadyHook {
    pub(crate) template: Template,
    pub(crate) mapping: Option<Mapping>,
    pub(crate) allow: Vec<AllowRule>,
    pub(crate) limits: RunLimits,
    pub(crate) definition: HookDefinition,
    when: Option<Program>,
}

impl HookDefinition {
    /// Checks everything that can be checked without running anything.
    pub(crate) fn ready(self, name: &str) -> Result<ReadyHook, Problem> {
        if self.runtime != RUNTIME {
            return Err(Problem::invalid(format!(
                "the runtime is `{RUNTIME}`, and there is no other"
            )));
        }
        let mapping = self.mapping.as_ref().map(mapping).transpose()?;
        let default = Mapping::default();
        let template = Template::parse_with(
            self.template.as_bytes(),
            &format!("{name}.py"),
            mapping.as_ref().unwrap_or(&default),
        )
        .map_err(|error| template_problem(&error))?;
        if let Some(missing) = self.undeclared_secret(&template) {
            return Err(Problem::invalid(format!(
                "the template uses @{missing}@: add its name to the hook's `secrets`"
            )));
        }
        let allow = self
            .allow
            .iter()
            .map(|rule| {
                rule.parse()
                    .map_err(|error: codehook_egress::AllowRuleError| {
                        Problem::invalid(error.to_string())
                    })
            })
            .collect::<Result<Vec<AllowRule>, _>>()?;
        let when = self.trigger.when.as_deref().map(condition).transpose()?;
        let limits = self.run_limits()?;
        if !(1..=MAX_ATTEMPTS).contains(&self.retry.attempts) {
            return Err(Problem::invalid(format!(
                "`retry.attempts` is 1 to {MAX_ATTEMPTS}"
            )));
        }
        Ok(ReadyHook {
            template,
            mapping,
            allow,
            limits,
            when,
            definition: self,
        })
    }

    fn undeclared_secret(&self, template: &Template) -> Option<TokenName> {
        let secrets = template.tokens().map(|used: &TokenUse| &used.name);
        secrets
            .filter(|name| name.is_secret())
            .find(|name| {
                !self
                    .secrets
                    .iter()
                    .any(|own| name.to_string() == format!("secret.{own}"))
            })
            .cloned()
    }

    fn run_limits(&self) -> Result<RunLimits, Problem> {
        let Limits {
            timeout_seconds,
            memory_mib,
            concurrent_runs,
        } = self.limits;
        if concurrent_runs == Some(0) {
            return Err(Problem::invalid(
                "`limits.concurrent_runs` is at least 1: disable a hook that is not to run",
            ));
        }
        if !(1..=MAX_TIMEOUT_SECONDS).contains(&timeout_seconds) {
            return Err(Problem::invalid(format!(
                "`limits.timeout_seconds` is 1 to {MAX_TIMEOUT_SECONDS}"
            )));
        }
        let memory_bytes = memory_mib as usize * MIB;
        let possible = RunLimits::MIN_MEMORY_BYTES..=RunLimits::MAX_MEMORY_BYTES;
        if !possible.contains(&memory_bytes) {
            let (least, most) = (possible.start() / MIB, possible.end() / MIB);
            return Err(Problem::invalid(format!(
                "`limits.memory_mib` is {least} to {most}"
            )));
        }
        Ok(RunLimits {
            wall_time: Duration::from_secs(timeout_seconds.into()),
            memory_bytes,
            ..RunLimits::default()
        })
    }
}

/// A mapping from its JSON.
pub(crate) fn mapping(document: &Value) -> Result<Mapping, Problem> {
    Mapping::from_json(document.to_string().as_bytes())
        .map_err(|error| Problem::invalid(error.to_string()))
}

fn condition(text: &str) -> Result<Program, Problem> {
    Program::compile(text)
        .map_err(|error| Problem::invalid(format!("`trigger.when` is no CEL expression: {error}")))
}

fn template_problem(error: &TemplateError) -> Problem {
    let text = error.to_string();
    let problem = Problem::invalid(text.clone());
    // `NAME.py:LINE:COLUMN: what is wrong`
    let mut parts = text.split(':').skip(1).map(|part| part.trim().parse());
    match (parts.next(), parts.next()) {
        (Some(Ok(line)), Some(Ok(column))) => problem.at(line, Some(column)),
        _ => problem,
    }
}

impl ReadyHook {
    /// Whether `event` starts it. A condition that cannot be computed for this event is not met.
    pub(crate) fn is_started_by(&self, event: &Event, source: Option<&Mapping>) -> bool {
        self.is_severe(event, source)
            && self
                .when
                .as_ref()
                .is_none_or(|when| is_met(when, event.as_json()))
    }

    fn is_severe(&self, event: &Event, source: Option<&Mapping>) -> bool {
        let wanted = match self.definition.trigger.on {
            Severity::Any => return true,
            Severity::Alert => "alert",
            Severity::Warning => "warning",
        };
        let default = Mapping::default();
        let mapping = self.mapping.as_ref().or(source).unwrap_or(&default);
        let values = mapping.resolve(event, None);
        values
            .get(&TokenName::from(EventToken::Severity))
            .is_ok_and(|severity| severity.trim().eq_ignore_ascii_case(wanted))
    }
}

fn is_met(when: &Program, event: &Value) -> bool {
    let mut context = Context::default();
    if context.add_variable("event", event).is_err() {
        return false;
    }
    matches!(when.execute(&context), Ok(CelValue::Bool(true)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hook(definition: Value) -> Result<ReadyHook, Problem> {
        let definition: HookDefinition = serde_json::from_value(definition).unwrap();
        definition.ready("h")
    }

    fn starts(trigger: Value, event: Value) -> bool {
        let hook = hook(json!({"template": "pass", "trigger": trigger})).unwrap();
        let event = Event::from_json(event.to_string().as_bytes()).unwrap();
        hook.is_started_by(&event, None)
    }

    #[test]
    fn severity_and_condition_choose_events() {
        let alert = json!({"Severity": "Alert", "RiskScore": 90});
        assert!(starts(json!({}), alert.clone()));
        assert!(starts(json!({"on": "alert"}), alert.clone()));
        assert!(!starts(json!({"on": "warning"}), alert.clone()));
        assert!(starts(
            json!({"when": "event.RiskScore > 80"}),
            alert.clone()
        ));
        assert!(!starts(
            json!({"when": "event.RiskScore > 95"}),
            alert.clone()
        ));
        assert!(!starts(json!({"when": "event.NoSuchField > 1"}), alert));
    }

    #[test]
    fn what_cannot_work_is_refused_when_it_is_saved() {
        for (definition, said) in [
            (json!({"template": "x = '"}), "does not end"),
            (
                json!({"template": "pass", "runtime": "python3"}),
                "python2.7",
            ),
            (json!({"template": "x = '@secret.KEY@'"}), "secrets"),
            (json!({"template": "pass", "allow": ["http://a/b"]}), "host"),
            (
                json!({"template": "pass", "trigger": {"when": "event."}}),
                "CEL",
            ),
            (
                json!({"template": "pass", "limits": {"timeout_seconds": 31}}),
                "30",
            ),
            (
                json!({"template": "pass", "limits": {"memory_mib": 1}}),
                "48",
            ),
            (
                json!({"template": "pass", "retry": {"attempts": 0}}),
                "attempts",
            ),
            (
                json!({"template": "pass", "mapping": {"tokens": {"A": {"path": "x"}}}}),
                "",
            ),
        ] {
            let problem = serde_json::to_value(hook(definition.clone()).unwrap_err()).unwrap();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(said), "{definition}: {detail}");
        }
    }

    #[test]
    fn a_fault_in_the_template_has_its_place() {
        let problem = hook(json!({"template": "a = 1\nb = 'x\n"})).unwrap_err();
        let problem = serde_json::to_value(problem).unwrap();
        assert_eq!(
            (&problem["line"], &problem["column"]),
            (&json!(2), &json!(5))
        );
    }
}
