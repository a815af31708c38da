//! How many runs a second one and two cores give.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, Script};
use codehook_tests::sandbox;

use crate::contender::native_python;
use crate::report::{Report, ThroughputRow};
use crate::start::IMPORTS;

const FOR: Duration = Duration::from_secs(3);

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    for cores in [1, 2] {
        report.throughput(ThroughputRow {
            cores,
            ours: in_sandbox(cores)?,
            native: natively(cores)?,
            native_mib: native_mib()?,
        });
    }
    Ok(())
}

fn in_sandbox(cores: usize) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores)
        .enable_all()
        .build()?;
    let egress = Arc::new(Egress::new(EgressConfig::default())?);
    let script = Arc::new(Script::new("hook.py", IMPORTS.as_bytes())?);
    let started = Instant::now();
    let tasks: Vec<_> = (0..cores)
        .map(|_| {
            let egress = Arc::clone(&egress);
            let script = Arc::clone(&script);
            runtime.spawn(async move {
                let limits = RunLimits::default();
                let mut count = 0_u32;
                while started.elapsed() < FOR {
                    let http = egress.session(Policy::default());
                    let report = sandbox()
                        .run(&script, Purpose::Run, &limits, http, None)
                        .await;
                    count += u32::from(report.outcome == Outcome::Succeeded);
                    tokio::task::yield_now().await;
                }
                count
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += runtime.block_on(task)?;
    }
    Ok(f64::from(total) / started.elapsed().as_secs_f64())
}

/// The most memory that a native process took for the script, as it says itself.
fn native_mib() -> anyhow::Result<f64> {
    let script = format!("{IMPORTS}print open('/proc/self/status').read()");
    let output = Command::new(native_python())
        .args(["-c", &script])
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.context("the process does not say")?.parse()?;
    Ok(kib / 1024.0)
}

/// Runs a second.
fn natively(cores: usize) -> anyhow::Result<f64> {
    let started = Instant::now();
    let threads: Vec<_> = (0..cores)
        .map(|_| {
            std::thread::spawn(move || -> anyhow::Result<u32> {
                let mut count = 0;
                while started.elapsed() < FOR {
                    let ended = Command::new(native_python())
                        .args(["-c", IMPORTS])
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .status()?;
                    count += u32::from(ended.success());
                }
                Ok(count)
            })
        })
        .collect();
    let mut total = 0;
    for thread in threads {
        total += thread.join().ok().context("a thread panicked")??;
    }
    Ok(f64::from(total) / started.elapsed().as_secs_f64())
}
