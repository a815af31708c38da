//! What a person reads after a run, with the option to add where one would have helped.

use std::collections::BTreeSet;
use std::fmt;

use bytesize::ByteSize;
use codehook_api_types::{EgressErrorKind, Outcome, RetryDirective, TranscriptEntry};
use codehook_sandbox::{RunLimits, RunReport};

/// Displays as lines that each begin with `codehook: `.
pub(crate) struct Summary<'a> {
    report: &'a RunReport,
    limits: &'a RunLimits,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(report: &'a RunReport, limits: &'a RunLimits) -> Self {
        Self { report, limits }
    }

    fn outcome(&self) -> String {
        let Self { report, limits } = self;
        let exit_code = report.exit_code.unwrap_or_default();
        match report.outcome {
            Outcome::Succeeded => "succeeded".to_owned(),
            Outcome::Failed => format!("failed with exit code {exit_code}"),
            Outcome::TimedOut => format!(
                "stopped at its time limit of {} (raise it with --timeout)",
                humantime::format_duration(limits.wall_time)
            ),
            Outcome::OutOfFuel => format!(
                "used up its fuel of {} (raise it with --fuel)",
                limits.fuel.unwrap_or_default()
            ),
            Outcome::OutOfMemory => format!(
                "ran out of memory at its limit of {} (raise it with --memory)",
                size(limits.memory_bytes as u64)
            ),
            Outcome::Crashed => "crashed in the interpreter".to_owned(),
        }
    }

    /// The options that would have let a refused request through.
    fn hints(&self) -> BTreeSet<String> {
        self.report.http.iter().filter_map(hint).collect()
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(
            f,
            "codehook: {}; {:.3} s, CPU {:.3} s, peak memory {}",
            self.outcome(),
            report.duration.as_secs_f64(),
            report.cpu.as_secs_f64(),
            size(report.peak_memory_bytes),
        )?;
        for entry in &report.http {
            let result = entry.result();
            let TranscriptEntry {
                method,
                url,
                duration_ms,
                ..
            } = entry;
            writeln!(
                f,
                "codehook: http {method} {url} {result} ({duration_ms} ms)"
            )?;
        }
        if let Some(asked) = &report.asked {
            writeln!(f, "codehook: {}", wish(asked))?;
        }
        let left = report.tmp_leftovers;
        if left.files > 0 {
            let files = if left.files == 1 { "file" } else { "files" };
            let bytes = size(left.bytes);
            writeln!(
                f,
                "codehook: left in /tmp: {} {files}, {bytes} (deleted now; scripts should do that)",
                left.files
            )?;
        }
        for hint in self.hints() {
            writeln!(f, "codehook: {hint}")?;
        }
        Ok(())
    }
}

/// What a service would do for a script that failed and asked for it.
fn wish(asked: &RetryDirective) -> String {
    let wish = match asked {
        RetryDirective::Retry {
            after_seconds: Some(seconds),
            ..
        } => format!("asks for another attempt after {seconds} s"),
        RetryDirective::Retry {
            after_seconds: None,
            ..
        } => "asks for another attempt".to_owned(),
        RetryDirective::Abort { .. } => "asks for no further attempt".to_owned(),
    };
    match asked.reason() {
        "" => wish,
        reason => format!("{wish}: {reason}"),
    }
}

fn hint(entry: &TranscriptEntry) -> Option<String> {
    let authority = authority(&entry.url)?;
    match entry.error? {
        EgressErrorKind::DeniedByPolicy => Some(format!(
            "{authority} is not among the hosts the script may reach: add `--allow {authority}`"
        )),
        EgressErrorKind::ForbiddenAddress => Some(format!(
            "{authority} is at a private address: add `--allow-private` if that is meant"
        )),
        EgressErrorKind::TlsUnknownIssuer => Some(format!(
            "{authority} is not known to a trusted authority: add `--ca-cert FILE` if it has its own"
        )),
        _ => None,
    }
}

/// Host, and port unless it is the scheme's own, of a URL in a transcript. `None` where there is none, or a secret is
/// in it.
fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?']).next()?;
    (!authority.is_empty() && !authority.contains("[redacted]")).then_some(authority)
}

fn size(bytes: u64) -> impl fmt::Display {
    ByteSize::b(bytes).display().iec()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use codehook_sandbox::{Captured, TmpLeftovers};

    use super::*;

    fn entry(url: &str, status: Option<u16>, error: Option<EgressErrorKind>) -> TranscriptEntry {
        TranscriptEntry {
            method: "GET".to_owned(),
            url: url.to_owned(),
            status,
            error,
            request_bytes: 0,
            response_bytes: 0,
            started_ms: 0,
            duration_ms: 12,
        }
    }

    fn summary(outcome: Outcome, http: Vec<TranscriptEntry>, tmp: TmpLeftovers) -> String {
        let report = RunReport {
            fuel: None,
            runtime: "python2.7".to_owned(),
            outcome,
            exit_code: Some(1),
            stdout: Captured::default(),
            stderr: Captured::default(),
            duration: Duration::from_millis(1500),
            cpu: Duration::from_millis(30),
            peak_memory_bytes: 32 * 1024 * 1024,
            http,
            tmp_leftovers: tmp,
            asked: None,
        };
        Summary::new(&report, &RunLimits::default()).to_string()
    }

    #[test]
    fn says_how_it_went_and_what_it_took() {
        let text = summary(Outcome::Failed, Vec::new(), TmpLeftovers::default());
        assert_eq!(
            text,
            "codehook: failed with exit code 1; 1.500 s, CPU 0.030 s, peak memory 32.0 MiB\n"
        );
        let text = summary(
            Outcome::TimedOut,
            Vec::new(),
            TmpLeftovers {
                files: 1,
                bytes: 1024,
            },
        );
        assert!(text.contains("time limit of 30s"), "{text}");
        assert!(text.contains("left in /tmp: 1 file, 1.0 KiB"), "{text}");
    }

    #[test]
    fn a_denied_host_is_named_once_with_its_option() {
        let http = vec![
            entry("https://a.test/x?…", Some(200), None),
            entry(
                "https://b.test:8443/1",
                None,
                Some(EgressErrorKind::DeniedByPolicy),
            ),
            entry(
                "https://b.test:8443/2",
                None,
                Some(EgressErrorKind::DeniedByPolicy),
            ),
            entry("(invalid)", None, Some(EgressErrorKind::InvalidRequest)),
        ];
        let text = summary(Outcome::Failed, http, TmpLeftovers::default());
        assert!(
            text.contains("http GET https://a.test/x?… 200 (12 ms)"),
            "{text}"
        );
        assert!(
            text.contains("http GET (invalid) invalid_request (12 ms)"),
            "{text}"
        );
        assert_eq!(text.matches("--allow b.test:8443").count(), 1, "{text}");
    }

    #[test]
    fn a_host_that_holds_a_secret_gets_no_advice() {
        let http = vec![entry(
            "https://[redacted].test/",
            None,
            Some(EgressErrorKind::DeniedByPolicy),
        )];
        assert!(!summary(Outcome::Failed, http, TmpLeftovers::default()).contains("--allow"));
    }
}
