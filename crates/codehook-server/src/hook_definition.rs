//! Definitions of hooks: checked, and made ready to run.

use std::time::Duration;

use codehook_api_types::{HookDefinition, HookLimits, RUNTIME, Severity};
use codehook_egress::AllowRule;
use codehook_sandbox::RunLimits;
use codehook_template::{Event, EventToken, Mapping, Template, TemplateError, TokenName, TokenUse};
use serde_json::Value;

use crate::condition::Condition;
use crate::problem::Problem;

/// The longest time that a run may have, the product's own limit.
const MAX_TIMEOUT_SECONDS: u32 = 30;
const MAX_ATTEMPTS: u32 = 20;
/// The longest time between two attempts, which later ones are capped at as well.
pub(crate) const MAX_DELAY_SECONDS: u32 = 3600;
const MIB: usize = 1024 * 1024;

/// A hook that can run.
#[derive(Debug)]
pub(crate) struct PreparedHook {
    pub(crate) template: Template,
    pub(crate) mapping: Option<Mapping>,
    pub(crate) allow: Vec<AllowRule>,
    pub(crate) limits: RunLimits,
    pub(crate) definition: HookDefinition,
    when: Option<Condition>,
}

impl PreparedHook {
    /// Checks everything that can be checked without running anything.
    pub(crate) fn new(definition: HookDefinition, name: &str) -> Result<Self, Problem> {
        if definition.runtime != RUNTIME {
            return Err(Problem::invalid(format!(
                "the runtime is `{RUNTIME}`, and there is no other"
            )));
        }
        let mapping = definition.mapping.as_ref().map(mapping).transpose()?;
        let default = Mapping::default();
        let template = Template::parse_with(
            definition.template.as_bytes(),
            &format!("{name}.py"),
            mapping.as_ref().unwrap_or(&default),
        )
        .map_err(|error| template_problem(&error))?;
        if let Some(missing) = undeclared_secret(&definition, &template) {
            return Err(Problem::invalid(format!(
                "the template uses @{missing}@: add its name to the hook's `secrets`"
            )));
        }
        let allow = definition
            .allow
            .iter()
            .map(|rule| {
                rule.parse()
                    .map_err(|error: codehook_egress::AllowRuleError| {
                        Problem::invalid(error.to_string())
                    })
            })
            .collect::<Result<Vec<AllowRule>, _>>()?;
        let when = definition.trigger.when.as_deref();
        let when = when.map(condition).transpose()?;
        let limits = run_limits(definition.limits)?;
        if !(1..=MAX_ATTEMPTS).contains(&definition.retry.attempts) {
            return Err(Problem::invalid(format!(
                "`retry.attempts` is 1 to {MAX_ATTEMPTS}"
            )));
        }
        if definition.retry.first_delay_seconds > MAX_DELAY_SECONDS {
            return Err(Problem::invalid(format!(
                "`retry.first_delay_seconds` is 0 to {MAX_DELAY_SECONDS}"
            )));
        }
        Ok(Self {
            template,
            mapping,
            allow,
            limits,
            when,
            definition,
        })
    }
}

fn undeclared_secret(definition: &HookDefinition, template: &Template) -> Option<TokenName> {
    let secrets = template.tokens().map(|used: &TokenUse| &used.name);
    secrets
        .filter(|name| name.is_secret())
        .find(|name| {
            !definition
                .secrets
                .iter()
                .any(|own| name.to_string() == format!("secret.{own}"))
        })
        .cloned()
}

fn run_limits(limits: HookLimits) -> Result<RunLimits, Problem> {
    let HookLimits {
        timeout_seconds,
        memory_mib,
        concurrent_runs,
    } = limits;
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

/// A mapping from its JSON.
pub(crate) fn mapping(document: &Value) -> Result<Mapping, Problem> {
    Mapping::from_json(document.to_string().as_bytes())
        .map_err(|error| Problem::invalid(error.to_string()))
}

fn condition(text: &str) -> Result<Condition, Problem> {
    Condition::new(text).map_err(|error| Problem::invalid(format!("`trigger.when`: {error}")))
}

fn template_problem(error: &TemplateError) -> Problem {
    let problem = Problem::invalid(error.to_string());
    match error.position() {
        Some(at) => problem.at(at.line, Some(at.column)),
        None => problem,
    }
}

impl PreparedHook {
    /// Whether `event` starts it. A condition that cannot be computed for this event is not met.
    pub(crate) fn is_started_by(&self, event: &Event, source: Option<&Mapping>) -> bool {
        self.is_severe(event, source)
            && self
                .when
                .as_ref()
                .is_none_or(|when| when.is_met(event.as_json()))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hook(definition: Value) -> Result<PreparedHook, Problem> {
        let definition: HookDefinition = serde_json::from_value(definition).unwrap();
        PreparedHook::new(definition, "h")
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
                json!({"template": "pass", "retry": {"first_delay_seconds": 4_000_000_000_u32}}),
                "3600",
            ),
            (
                json!({"template": "pass", "mapping": {"tokens": {"A": {"path": "x"}}}}),
                "",
            ),
        ] {
            let detail = hook(definition.clone()).unwrap_err().details.detail;
            assert!(detail.contains(said), "{definition}: {detail}");
        }
    }

    #[test]
    fn a_fault_in_the_template_has_its_place() {
        let problem = hook(json!({"template": "a = 1\nb = 'x\n"})).unwrap_err();
        let details = problem.details;
        assert_eq!((details.line, details.column), (Some(2), Some(5)));
    }
}
