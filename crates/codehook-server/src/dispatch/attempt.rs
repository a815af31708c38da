//! One attempt of a run: renders the script, runs it, and decides what comes next.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use codehook_api_types::{
    AttemptReport, Outcome, RetryDirective, RetryPolicy, RunState, TranscriptEntry,
};
use codehook_runner::{PreparedRun, RunRequest, Runner};
use codehook_sandbox::{Attempt, OutputSink, RunReport};
use codehook_store::{Id, Millis, Next};
use codehook_template::{Event, Mapping};
use zeroize::Zeroizing;

use crate::attempt_result::AttemptResult;
use crate::hook_definition::{MAX_DELAY_SECONDS, PreparedHook};

/// The longest time between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(MAX_DELAY_SECONDS as u64);

/// What one attempt works on.
pub(crate) struct AttemptRequest<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) hook: &'a PreparedHook,
    pub(crate) source: Option<&'a Mapping>,
    /// The event as it was kept.
    pub(crate) event: &'a str,
    pub(crate) secrets: Vec<(String, Zeroizing<String>)>,
    pub(crate) run: Id,
    /// From 1.
    pub(crate) number: u32,
    /// Shown what the script prints, as it comes.
    pub(crate) sink: OutputSink,
}

/// Runs the attempt to its end.
pub(crate) async fn attempt(runner: &Runner, task: AttemptRequest<'_>) -> AttemptResult {
    let prepared = match prepare(&task) {
        Ok(prepared) => prepared,
        Err(error) => return AttemptResult::rejected(error),
    };
    let retry = &task.hook.definition.retry;
    match runner.run(prepared, Some(task.sink)).await {
        Ok(report) => AttemptResult {
            outcome: report.outcome.into(),
            next: next(&report, retry, task.number),
            cpu: report.cpu,
            report: written(report),
        },
        // The operator's to mend, and then the run can go on. The reason names files of his, so the report leaves it
        // out.
        Err(error) => {
            tracing::error!(tenant = task.tenant, %error, "the packages of a tenant cannot be used");
            let error = "the packages of this tenant cannot be used: the operator's log says why";
            AttemptResult {
                next: again(retry, task.number, None),
                ..AttemptResult::rejected(error.to_owned())
            }
        }
    }
}

/// The rendered script, with all that its run needs.
fn prepare(task: &AttemptRequest<'_>) -> Result<PreparedRun, String> {
    let event = Event::from_json(task.event.as_bytes()).map_err(|error| error.to_string())?;
    let default = Mapping::default();
    let hook = task.hook;
    let named = task.secrets.iter().filter_map(|(name, value)| {
        let name = format!("secret.{name}").parse().ok()?;
        Some((name, value.clone()))
    });
    let request = RunRequest {
        tenant: task
            .tenant
            .parse()
            .map_err(|error: codehook_packages::NameError| error.to_string())?,
        script_name: hook.template.display_name(),
        template: &hook.template,
        mapping: hook.mapping.as_ref().or(task.source).unwrap_or(&default),
        event: &event,
        hostname: hook.definition.hostname.as_deref(),
        secrets: named.collect(),
        allow: hook.allow.clone(),
        limits: hook.limits.clone(),
        attempt: Attempt {
            attempt: task.number,
            run_id: Some(task.run.to_string()),
        },
    };
    request.prepare().map_err(|error| error.to_string())
}

/// What comes after an attempt that ended so.
fn next(report: &RunReport, retry: &RetryPolicy, number: u32) -> Next {
    let again = match report.outcome {
        Outcome::Succeeded => return Next::End(RunState::Succeeded),
        Outcome::TimedOut | Outcome::Crashed => true,
        Outcome::Failed => match &report.asked {
            Some(RetryDirective::Retry { .. }) => true,
            Some(RetryDirective::Abort { .. }) => return Next::End(RunState::Failed),
            None => retry.failures || report.http.iter().any(TranscriptEntry::failed_transiently),
        },
        Outcome::OutOfFuel | Outcome::OutOfMemory => false,
    };
    if !again {
        return Next::End(RunState::Failed);
    }
    self::again(
        retry,
        number,
        report.asked.as_ref().and_then(RetryDirective::after),
    )
}

/// A further attempt, `after` that time if the script has asked for one; a dead letter once there were enough.
fn again(retry: &RetryPolicy, number: u32, after: Option<Duration>) -> Next {
    if number >= retry.attempts {
        return Next::End(RunState::DeadLetter);
    }
    let delay = after.unwrap_or_else(|| delay(retry, number));
    Next::Retry(Millis::now().after(delay))
}

/// The time before the attempt after attempt `number`.
fn delay(retry: &RetryPolicy, number: u32) -> Duration {
    // A definition of an older version may have more.
    let first = Duration::from_secs(retry.first_delay_seconds.into()).min(MAX_DELAY);
    let delays = ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(MAX_DELAY)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build();
    let place = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    delays.into_iter().nth(place).unwrap_or(MAX_DELAY)
}

fn written(report: RunReport) -> AttemptReport {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    AttemptReport {
        error: None,
        exit_code: report.exit_code,
        stdout: text(&report.stdout.bytes),
        stderr: text(&report.stderr.bytes),
        truncated: report.stdout.truncated || report.stderr.truncated,
        duration_ms: milliseconds(report.duration),
        cpu_ms: milliseconds(report.cpu),
        peak_memory_bytes: report.peak_memory_bytes,
        http: report.http,
        asked: report.asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_an_hour_and_differ_by_chance() {
        let retry = RetryPolicy {
            first_delay_seconds: 10,
            ..RetryPolicy::default()
        };
        for (number, seconds) in [(1, 10), (2, 20), (3, 40), (20, 3600)] {
            for _ in 0..20 {
                let delay = delay(&retry, number).as_secs_f64();
                assert!(
                    (f64::from(seconds)..=2.0 * f64::from(seconds) + 10.0).contains(&delay),
                    "{number}: {delay}"
                );
            }
        }
        assert_ne!(delay(&retry, 1), delay(&retry, 1));
    }
}
