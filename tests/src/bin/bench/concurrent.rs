//! Many runs at the same time, on two worker threads.

use std::fs;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use codehook_egress::{Egress, EgressConfig, Policy, PrivateNetworks};
use codehook_sandbox::{Outcome, Purpose, RunLimits, RunReport, Sandbox, Script};
use codehook_tests::sandbox_with;
use tokio::runtime::Runtime;

use crate::report::{BusyRow, Report, WaitingRow};
use crate::timing::{Series, Summary};

const WORKERS: usize = 2;
const WAITING: [usize; 6] = [1, 10, 100, 500, 1000, 2000];
const BUSY: [usize; 4] = [0, 1, 4, 16];
/// Short runs that are measured beside the others.
const SHORT_RUNS: usize = 300;
const SHORT: &str = "pass\n";
/// What a busy hook does.
const LOOP: &str = "n = 0\nwhile True:\n    n += 1\n";
/// How long a waiting run's server takes: longer than starting all of them and measuring the short ones.
const ANSWER_AFTER: Duration = Duration::from_secs(14);

/// A sandbox with room for all of them.
pub(crate) struct Crowd {
    pub(crate) runtime: Runtime,
    sandbox: Sandbox,
    egress: Egress,
    policy: Policy,
    limits: RunLimits,
}

impl Crowd {
    pub(crate) fn new(limits: RunLimits, port: u16) -> anyhow::Result<Arc<Self>> {
        let sandbox = sandbox_with(|config| {
            config.max_concurrent_runs = 4096;
            config.low_priority_threads = NonZeroUsize::new(WORKERS);
        });
        Ok(Arc::new(Self {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(WORKERS)
                .enable_all()
                .build()?,
            sandbox,
            egress: Egress::new(EgressConfig::default())?,
            policy: Policy {
                allow: vec![format!("127.0.0.1:{port}").parse()?],
                private_networks: PrivateNetworks::Opened,
                ..Policy::default()
            },
            limits,
        }))
    }

    async fn run(&self, script: &str) -> RunReport {
        self.run_within(&self.limits, script).await
    }

    /// The same with limits of its own.
    pub(crate) async fn run_within(&self, limits: &RunLimits, script: &str) -> RunReport {
        self.run_script(
            limits,
            &Script::new("hook.py", script.as_bytes()).expect("a plain name"),
        )
        .await
    }

    /// The same for one tenant among several.
    pub(crate) async fn run_for(
        &self,
        tenant: &str,
        limits: &RunLimits,
        script: &str,
    ) -> RunReport {
        let script = Script::new("hook.py", script.as_bytes()).expect("a plain name");
        self.run_script(limits, &script.for_tenant(tenant)).await
    }

    async fn run_script(&self, limits: &RunLimits, script: &Script) -> RunReport {
        let http = self.egress.session(self.policy.clone());
        self.sandbox
            .run(script, Purpose::Run, limits, http, None)
            .await
    }

    /// Short runs, one after the other, each as a task of its own: how long each took.
    pub(crate) fn short_runs(self: &Arc<Self>, count: usize) -> anyhow::Result<Summary> {
        self.short_runs_every(Duration::from_millis(2), count)
    }

    /// The same with so much time after each.
    pub(crate) fn short_runs_every(
        self: &Arc<Self>,
        pause: Duration,
        count: usize,
    ) -> anyhow::Result<Summary> {
        let mut series = Series::default();
        for _ in 0..count {
            let crowd = Arc::clone(self);
            let started = Instant::now();
            let run = self.runtime.spawn(async move {
                (
                    crowd.run_for("good", &crowd.limits, SHORT).await,
                    Instant::now(),
                )
            });
            let (report, ended) = self.runtime.block_on(run)?;
            ensure!(report.outcome == Outcome::Succeeded, "a short run failed");
            series.push(ended - started);
            std::thread::sleep(pause);
        }
        Ok(series.summary())
    }
}

/// Growth from one waiting run to thousands: memory of each, and what the others feel of them.
pub(crate) fn waiting(report: &mut Report) -> anyhow::Result<()> {
    raise_open_files();
    let server = SlowServer::start()?;
    let crowd = Crowd::new(RunLimits::default(), server.port)?;
    let script = |milliseconds: u128| {
        format!(
            "import urllib2, json\nassert urllib2.urlopen('http://127.0.0.1:{}/{}').read() == 'ok'\n",
            server.port, milliseconds
        )
    };
    crowd.short_runs(20)?;
    crowd.runtime.block_on(crowd.run(&script(0)));
    let script = script(ANSWER_AFTER.as_millis());
    for count in WAITING {
        let before = resident_bytes()?;
        let started = Instant::now();
        let runs: Vec<_> = (0..count)
            .map(|_| {
                let crowd = Arc::clone(&crowd);
                let script = script.clone();
                crowd
                    .runtime
                    .handle()
                    .clone()
                    .spawn(async move { crowd.run(&script).await })
            })
            .collect();
        server.wait_for(count)?;
        let all_waiting = started.elapsed();
        let used = resident_bytes()?.saturating_sub(before);
        let threads = threads()?;
        let short = crowd.short_runs(SHORT_RUNS)?;
        for run in runs {
            let ended = crowd.runtime.block_on(run)?;
            ensure!(
                ended.outcome == Outcome::Succeeded,
                "a waiting run failed: {}",
                String::from_utf8_lossy(&ended.stderr.bytes)
            );
        }
        report.waiting(WaitingRow {
            waiting: count,
            all_waiting_after: all_waiting.as_secs_f64() * 1e3,
            mib_each: used as f64 / (1024.0 * 1024.0) / count as f64,
            threads,
            short,
        });
    }
    Ok(())
}

/// What endless loops take from short runs beside them.
pub(crate) fn busy(report: &mut Report) -> anyhow::Result<()> {
    for count in BUSY {
        let limits = RunLimits {
            wall_time: Duration::from_secs(600),
            ..RunLimits::default()
        };
        let crowd = Crowd::new(limits, 443)?;
        crowd.short_runs(20)?;
        let started = Arc::new(AtomicUsize::new(0));
        let loops: Vec<_> = (0..count)
            .map(|_| {
                let crowd = Arc::clone(&crowd);
                let started = Arc::clone(&started);
                crowd.runtime.handle().clone().spawn(async move {
                    started.fetch_add(1, Ordering::Relaxed);
                    crowd.run(LOOP).await
                })
            })
            .collect();
        while started.load(Ordering::Relaxed) < count {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(300));
        let short = crowd.short_runs(SHORT_RUNS)?;
        for run in &loops {
            run.abort();
        }
        for run in loops {
            // That it was cancelled is what was wanted.
            let _ = crowd.runtime.block_on(run);
        }
        report.busy(BusyRow { busy: count, short });
    }
    Ok(())
}

/// The slow server's process.
struct SlowServer {
    process: Child,
    /// Open as long as the server may write to it.
    _output: BufReader<ChildStdout>,
    port: u16,
    /// Its descriptors while nobody is connected.
    own: usize,
}

impl SlowServer {
    fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("slow-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().context("the server's output")?;
        let mut output = BufReader::new(output);
        output.read_line(&mut line)?;
        let port = line.trim().parse().context("the server's port")?;
        let own = descriptors_of(&process)?;
        Ok(Self {
            process,
            own,
            _output: output,
            port,
        })
    }

    /// Waits until so many connections are open.
    fn wait_for(&self, connections: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + ANSWER_AFTER * 9 / 10;
        while descriptors_of(&self.process)? < connections + self.own {
            ensure!(
                Instant::now() < deadline,
                "the runs do not get to wait: this machine is too slow for this measurement"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for SlowServer {
    fn drop(&mut self) {
        // Its standard input ends with this, and it ends with that; killed in any case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn descriptors_of(process: &Child) -> anyhow::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", process.id()))?.count())
}

/// Bytes of this process that are in memory and not shared with any file.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let kib = |name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    Ok((kib("Private_Clean:") + kib("Private_Dirty:")) * 1024)
}

/// Threads of this process.
pub(crate) fn threads() -> anyhow::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

/// Each waiting run has a connection.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = getrlimit(Resource::Nofile);
    // If it stays low, the first run that fails says so.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limits.maximum,
            ..limits
        },
    );
}
