//! `make bench`: a whole run in this process against a native `python2.7` started for the same script.
//!
//! Both do the same work: from the script's text to its exit and its output in hand. The native interpreter was built from the
//! same source and is started as its users start it (with `site`), and with `-S`, which is its fastest. Runs of both kinds
//! alternate, so that a noisy machine disturbs both alike; the ratios are what counts.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, Script};
use codehook_tests::{sandbox, target};
use tokio::runtime::Runtime;

/// Measured runs of each kind, after some that are not counted.
const RUNS: usize = 300;
const WARM_UP: usize = 20;

const SCRIPTS: [(&str, &str); 3] = [
    ("pass", "pass\n"),
    (
        "import urllib2, json",
        "import urllib2, json\nprint json.dumps({'a': [1, 2.5, None]})\n",
    ),
    (
        "import urllib2, json, datetime, logging, xml",
        "import urllib2, json, datetime, logging, hashlib, xml.etree.cElementTree as x\nprint json.dumps({'t': str(datetime.date(2020, 1, 2))}), hashlib.sha256('x').hexdigest(), x.fromstring('<a/>').tag\n",
    ),
];

fn main() {
    let native = target().join("python-wasm/native/bin/python2.7");
    let egress = Egress::new(EgressConfig::default()).expect("default settings");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "{} runs each, one at a time; native: {}",
        RUNS,
        native.display()
    );
    println!("{:<46} {:>10} {:>10} {:>12}", "", "p50", "p99", "runs/s");
    for (name, source) in SCRIPTS {
        let script_file = script_file(source);
        let mut ours = Vec::with_capacity(RUNS);
        let mut with_site = Vec::with_capacity(RUNS);
        let mut without_site = Vec::with_capacity(RUNS);
        for round in 0..RUNS + WARM_UP {
            let times = (
                in_sandbox(&runtime, &egress, source),
                natively(&native, &[], &script_file),
                natively(&native, &["-S"], &script_file),
            );
            if round >= WARM_UP {
                ours.push(times.0);
                with_site.push(times.1);
                without_site.push(times.2);
            }
        }
        println!("{name}");
        let ours = row("  codehook, in process", ours);
        let site = row("  python2.7", with_site);
        let bare = row("  python2.7 -S", without_site);
        println!(
            "  ratio of p50: {:.1} (with -S: {:.1})",
            site.as_secs_f64() / ours.as_secs_f64(),
            bare.as_secs_f64() / ours.as_secs_f64()
        );
    }
}

fn in_sandbox(runtime: &Runtime, egress: &Egress, source: &str) -> Duration {
    let started = Instant::now();
    let script = Script::new("hook.py", source.as_bytes().to_vec()).expect("a plain name");
    let report = runtime.block_on(sandbox().run(
        &script,
        Purpose::Run,
        &RunLimits::default(),
        egress.session(Policy::default()),
        None,
    ));
    let took = started.elapsed();
    assert_eq!(
        report.outcome,
        Outcome::Succeeded,
        "{}",
        String::from_utf8_lossy(&report.stderr.bytes)
    );
    took
}

fn natively(python: &PathBuf, flags: &[&str], script: &PathBuf) -> Duration {
    let started = Instant::now();
    let output = Command::new(python)
        .args(flags)
        .arg(script)
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .stdin(Stdio::null())
        .output()
        .expect("`make python` built a native python2.7");
    let took = started.elapsed();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    took
}

fn script_file(source: &str) -> PathBuf {
    let path = target().join("bench-script.py");
    std::fs::write(&path, source).expect("target/ is writable");
    path
}

/// Prints a row and answers its median.
fn row(name: &str, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    let total: Duration = times.iter().sum();
    let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    println!(
        "{:<46} {:>10} {:>10} {:>12.0}",
        name,
        milliseconds(at(50)),
        milliseconds(at(99)),
        times.len() as f64 / total.as_secs_f64()
    );
    at(50)
}
