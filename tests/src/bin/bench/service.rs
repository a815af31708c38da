//! The service under load, generator included: events acknowledged a second, runs of a hook that does nothing, and the time from an event's
//! arrival to the end of its run at half of that load.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use codehook_tests::target;
use serde_json::{Value, json};

use crate::connection::{Address, Connection};
use crate::per_process::PerProcess;

/// Clients that send at the same time.
const CLIENTS: usize = 32;
/// Runs that wait when the process is killed.
const WAITING: usize = 100_000;

/// The service, with one tenant.
struct Service {
    child: Child,
    address: Address,
    data: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start() -> anyhow::Result<Self> {
        // On the disk of the build, not in memory as /tmp may be.
        let data = tempfile::tempdir_in(target())?;
        let (child, place) = spawn(data.path())?;
        let key = std::fs::read_to_string(data.path().join("operator-key"))?;
        let service = Self {
            child,
            address: Address {
                place,
                key: key.trim().to_owned(),
            },
            data,
        };
        let quotas = quotas(64);
        service
            .connect()?
            .json("POST", "tenants", &json!({"id": "t", "quotas": quotas}))?;
        Ok(service)
    }

    /// Kills the process and starts another one on the same data; how long that took.
    fn restart(&mut self) -> anyhow::Result<Duration> {
        self.child.kill()?;
        self.child.wait()?;
        let began = Instant::now();
        (self.child, self.address.place) = spawn(self.data.path())?;
        Ok(began.elapsed())
    }

    fn connect(&self) -> anyhow::Result<Connection> {
        self.address.connect()
    }

    fn mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .context("VmRSS")?
            .trim()
            .trim_end_matches(" kB")
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// How many runs have ended well.
    fn waiting(&self) -> anyhow::Result<bool> {
        let page =
            self.connect()?
                .json("GET", "tenants/t/runs?state=queued&limit=1", &json!({}))?;
        Ok(page["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty()))
    }
}

/// Sends to `service` for `time`, `rate` events a second at most. Events a second, and the time that each acknowledgement took, sorted.
fn load(
    service: &Address,
    time: Duration,
    rate: Option<f64>,
) -> anyhow::Result<(f64, Vec<Duration>)> {
    let stop = Arc::new(AtomicBool::new(false));
    let number = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (stop, number) = (Arc::clone(&stop), Arc::clone(&number));
            let mut connection = service.connect()?;
            Ok(thread::spawn(move || -> anyhow::Result<Vec<Duration>> {
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let n = number.fetch_add(1, Ordering::Relaxed);
                    if let Some(rate) = rate {
                        let due = Duration::from_secs_f64(n as f64 / rate);
                        thread::sleep(due.saturating_sub(began.elapsed()));
                    }
                    let event =
                        format!("{{\"UserName\": \"ann\", \"Severity\": \"Alert\", \"n\": {n}}}");
                    let sent = Instant::now();
                    let (status, content) = connection.send("POST", "tenants/t/events", &event)?;
                    ensure!(status == 202, "{status} {content}");
                    took.push(sent.elapsed());
                }
                Ok(took)
            }))
        })
        .collect::<anyhow::Result<_>>()?;
    thread::sleep(time);
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for client in clients {
        took.extend(client.join().expect("no panic")?);
    }
    took.sort_unstable();
    Ok((took.len() as f64 / began.elapsed().as_secs_f64(), took))
}

/// Starts the program on `data`; where it listens.
fn spawn(data: &Path) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(target().join("release/codehook"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()?;
    let said = BufReader::new(child.stderr.take().context("a pipe")?);
    let mut lines = said.lines();
    let address = loop {
        let line = lines.next().context("the service has ended")??;
        if let Some((_, address)) = line.split_once("listening on http://") {
            break address.to_owned();
        }
    };
    thread::spawn(move || lines.for_each(drop));
    Ok((child, address))
}

fn quotas(concurrent_runs: u32) -> Value {
    json!({"events_per_second": 1_000_000, "concurrent_runs": concurrent_runs, "queued_runs": 10_000_000})
}

fn at<T: Copy>(sorted: &[T], part: f64) -> T {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Measures each for `seconds`, and prints.
pub(crate) fn measure(seconds: u64) -> anyhow::Result<()> {
    let time = Duration::from_secs(seconds);
    let service = Service::start()?;
    println!("at rest: {:.1} MiB resident", service.mib()?);
    let (accepted, took) = load(&service.address, time, None)?;
    println!(
        "events acknowledged, on disk, no hook: {accepted:.0}/s over {seconds} s; acknowledgement p50 {:.2} ms, p99 {:.2} ms; {:.1} MiB",
        milliseconds(at(&took, 0.5)),
        milliseconds(at(&took, 0.99)),
        service.mib()?
    );
    let mut connection = service.connect()?;
    let hook = json!({"name": "nothing", "draft": {"template": "pass\n"}});
    connection.json("POST", "tenants/t/hooks", &hook)?;
    connection.json("POST", "tenants/t/hooks/nothing/publish", &json!({}))?;
    let began = Instant::now();
    let (sent, took) = load(&service.address, time, None)?;
    while service.waiting()? {
        thread::sleep(Duration::from_millis(20));
    }
    let runs = took.len() as f64 / began.elapsed().as_secs_f64();
    println!(
        "with a hook that does nothing: {sent:.0} events/s, {runs:.0} runs/s to the end of the last; {:.1} MiB",
        service.mib()?
    );
    let half = runs / 2.0;
    let (rate, took) = load(&service.address, time, Some(half))?;
    while service.waiting()? {
        thread::sleep(Duration::from_millis(20));
    }
    let mut ended = Vec::new();
    let mut cursor = String::new();
    while ended.len() < took.len().min(20_000) {
        let page = connection.json(
            "GET",
            &format!("tenants/t/runs?limit=500{cursor}"),
            &json!({}),
        )?;
        for run in page["items"].as_array().context("runs")? {
            let at = |field: &str| -> anyhow::Result<jiff::Timestamp> {
                Ok(run[field].as_str().context("a time")?.parse()?)
            };
            ended.push(at("ended_at")?.as_millisecond() - at("created_at")?.as_millisecond());
        }
        cursor = format!("&cursor={}", page["next"].as_str().context("more runs")?);
    }
    ended.sort_unstable();
    println!(
        "at half of that, {rate:.0} events/s: acknowledgement p50 {:.2} ms, p99 {:.2} ms; from the event's arrival to the run's end p50 {} ms, p99 {} ms",
        milliseconds(at(&took, 0.5)),
        milliseconds(at(&took, 0.99)),
        at(&ended, 0.5),
        at(&ended, 0.99)
    );
    drop(service);
    per_process(time)?;
    start_with_runs_that_wait()
}

/// The same load on a process for each event.
fn per_process(time: Duration) -> anyhow::Result<()> {
    let service = PerProcess::start()?;
    load(&service.address, time, None)?;
    let runs = service.ended()?.len() as f64 / time.as_secs_f64();
    drop(service);
    let service = PerProcess::start()?;
    let (rate, _) = load(&service.address, time, Some(runs / 2.0))?;
    let mut ended = service.ended()?;
    ended.sort_unstable();
    println!(
        "a native python2.7 for each event: {runs:.0} runs/s; at half of that, {rate:.0} events/s: from the event's arrival to the run's end p50 {:.1} ms, p99 {:.1} ms",
        milliseconds(at(&ended, 0.5)),
        milliseconds(at(&ended, 0.99))
    );
    Ok(())
}

/// How long a start takes after a kill with so many runs in the journal that wait.
fn start_with_runs_that_wait() -> anyhow::Result<()> {
    let mut service = Service::start()?;
    let none = service.restart()?;
    let mut connection = service.connect()?;
    connection.json("PUT", "tenants/t/quotas", &quotas(1))?;
    let hook = json!({"name": "waits", "draft": {"template": "import time\ntime.sleep(25)\n"}});
    connection.json("POST", "tenants/t/hooks", &hook)?;
    connection.json("POST", "tenants/t/hooks/waits/publish", &json!({}))?;
    let mut sent = 0;
    while sent < WAITING {
        sent += load(&service.address, Duration::from_secs(1), None)?
            .1
            .len();
    }
    let many = service.restart()?;
    println!(
        "start after a kill: {:.0} ms with an empty journal, {:.0} ms with {sent} events whose runs wait; {:.0} MiB",
        milliseconds(none),
        milliseconds(many),
        service.mib()?
    );
    Ok(())
}
