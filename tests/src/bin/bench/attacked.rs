//! A good tenant beside ten that attack without a pause, each in another way; and what thousands of hostile runs leave in the process.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use codehook_sandbox::RunLimits;

use crate::concurrent::{Crowd, resident_bytes, threads};
use crate::timing::Summary;

/// So long an attacker's run has.
const LIMIT: Duration = Duration::from_millis(250);
/// Hostile runs before the process is looked at again.
const RUNS: usize = 10_000;
/// The good tenant's pause after each of its runs.
const PAUSE: Duration = Duration::from_millis(10);
/// Short runs that are measured.
const SHORT_RUNS: usize = 1000;

/// Each hits another limit, or none and crashes.
const ATTACKS: [(&str, &str); 10] = [
    ("processor", "while True: pass"),
    ("memory", "x = []\nwhile True: x.append('x' * 100000)"),
    (
        "passes over memory",
        "x = 'a' * 100000000\nwhile True: x.find('b')",
    ),
    (
        "files",
        "import itertools\nfor n in itertools.count(): open('/tmp/%d' % n, 'w').write('x' * 60000)",
    ),
    ("descriptors", "import os\nwhile True: os.dup(1)"),
    ("output", "while True: print 'x' * 10000"),
    (
        "requests",
        "import urllib2\nwhile True:\n    try: urllib2.urlopen('http://192.0.2.1/')\n    except IOError: pass",
    ),
    (
        "a regular expression",
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
    ),
    ("large numbers", "x = 3 ** 1000000\nwhile True: x * x"),
    (
        "crafted bytecode",
        "import types\nexec types.CodeType(0, 0, 2, 0, ''.join('d\\x00\\x00}' + chr(n & 255) + chr(n >> 8) for n in range(60000)), (1,), (), (), '', '', 1, '')",
    ),
];

/// What a process has.
struct Footprint {
    mib: f64,
    descriptors: usize,
    threads: usize,
}

impl Footprint {
    fn now() -> anyhow::Result<Self> {
        Ok(Self {
            mib: resident_bytes()? as f64 / (1024.0 * 1024.0),
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            threads: threads()?,
        })
    }

    fn print(&self, when: &str) {
        println!(
            "{when}: {:.1} MiB resident, {} descriptors, {} threads",
            self.mib, self.descriptors, self.threads
        );
    }
}

fn print(when: &str, short: &Summary) {
    println!(
        "short runs {when}: p50 {:.3} ms, p99 {:.3} ms",
        short.p50, short.p99
    );
}

/// Measures and prints.
pub(crate) fn measure() -> anyhow::Result<()> {
    let crowd = Crowd::new(RunLimits::default(), 443)?;
    crowd.short_runs(200)?;
    print("alone", &crowd.short_runs_every(PAUSE, SHORT_RUNS)?);
    let go_on = Arc::new(AtomicBool::new(true));
    let counts: Vec<_> = ATTACKS
        .iter()
        .map(|_| Arc::new(AtomicUsize::new(0)))
        .collect();
    let attackers: Vec<_> = ATTACKS
        .iter()
        .zip(&counts)
        .map(|((name, script), count)| {
            let (crowd, go_on, count) = (Arc::clone(&crowd), Arc::clone(&go_on), Arc::clone(count));
            let limits = RunLimits {
                wall_time: LIMIT,
                ..RunLimits::default()
            };
            crowd.runtime.handle().clone().spawn(async move {
                while go_on.load(Ordering::Relaxed) {
                    crowd.run_for(name, &limits, script).await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let done = || {
        counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum::<usize>()
    };
    // Every attacker has run, and every memory there will be is there.
    std::thread::sleep(Duration::from_secs(5));
    Footprint::now()?.print(&format!("after {} hostile runs", done()));
    print(
        "beside ten attackers",
        &crowd.short_runs_every(PAUSE, SHORT_RUNS)?,
    );
    let started = Instant::now();
    while done() < RUNS {
        std::thread::sleep(Duration::from_millis(100));
        anyhow::ensure!(
            started.elapsed() < Duration::from_secs(900),
            "it takes too long"
        );
    }
    Footprint::now()?.print(&format!("after {} hostile runs", done()));
    go_on.store(false, Ordering::Relaxed);
    for attacker in attackers {
        crowd.runtime.block_on(attacker)?;
    }
    print("alone again", &crowd.short_runs_every(PAUSE, SHORT_RUNS)?);
    Footprint::now()?.print("when they are gone");
    for ((name, _), count) in ATTACKS.iter().zip(&counts) {
        println!("  {name}: {} runs", count.load(Ordering::Relaxed));
    }
    Ok(())
}
