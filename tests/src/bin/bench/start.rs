//! How long a run takes whose script does little: all of it is start.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use codehook_egress::{EgressConfig, Policy};
use codehook_tests::trusting;

use crate::contender::{Codehook, Contender, Process};
use crate::hooks::Okta;
use crate::report::{Report, StartRow};
use crate::timing::Series;

const WARM_UP: usize = 10;
/// Runs of one contender before it is the next one's turn: what a machine that does this all day is like.
const TURN: usize = 20;
const OKTA: &str = "Okta hook, two HTTPS calls";
/// Pyodide takes seconds for each run.
const SLOW_ROUNDS: usize = 5;

const PASS: &str = "pass\n";
pub(crate) const IMPORTS: &str = "import urllib2, json, datetime\nprint json.dumps({'a': [1, 2.5, None]}), datetime.date(2020, 1, 2)\n";
/// The same for Python 3.
const IMPORTS_3: &str = "import urllib.request, json, datetime\nprint(json.dumps({'a': [1, 2.5, None]}), datetime.date(2020, 1, 2))\n";
const MANY_IMPORTS: &str = "import urllib2, json, datetime, logging, hashlib, xml.etree.cElementTree as x\nprint json.dumps({'t': str(datetime.date(2020, 1, 2))}), hashlib.sha256('x').hexdigest(), x.fromstring('<a/>').tag\n";

pub(crate) fn measure(report: &mut Report, rounds: usize) -> anyhow::Result<()> {
    let ours = Codehook::new(EgressConfig::default(), Policy::default())?;
    let python = Process::python(&[]);
    let bare = Process::python(&["-S"]);
    let wrapped = Process::bubblewrap();
    let pyodide = Process::pyodide();
    for (name, script, script_3) in [
        ("pass", PASS, Some(PASS)),
        ("import urllib2, json, datetime", IMPORTS, Some(IMPORTS_3)),
        ("six imports, hashing, XML", MANY_IMPORTS, None),
    ] {
        let mut contenders: Vec<&dyn Contender> = vec![&ours, &python, &bare];
        if let Some(wrapped) = &wrapped {
            contenders.push(wrapped);
        }
        let fixed = |_, _| Ok(script.as_bytes().to_vec());
        let mut rows = compare(name, &contenders, Turns { rounds, each: TURN }, fixed)?;
        // In a machine that does something else between any two hooks, nothing of ours is left in the processor's caches.
        let cold = Named("codehook, caches cold", &ours);
        let cold = compare(name, &[&cold, &python], Turns { rounds, each: 1 }, fixed)?;
        rows.extend(cold.into_iter().take(1));
        if let (Some(pyodide), Some(script)) = (&pyodide, script_3) {
            let turns = Turns {
                rounds: SLOW_ROUNDS,
                each: 1,
            };
            let fixed = |_, _| Ok(script.as_bytes().to_vec());
            rows.extend(compare(name, &[pyodide], turns, fixed)?);
        }
        report.start(rows);
    }
    report.start(okta(rounds)?);
    Ok(())
}

/// The documented hook, both HTTPS calls included.
fn okta(rounds: usize) -> anyhow::Result<Vec<StartRow>> {
    let rounds = rounds.min(100);
    let okta = Okta::start((rounds + WARM_UP) * 2)?;
    let ours = Codehook::new(trusting(okta.ca_pem()), okta.policy()?)?;
    let ca = codehook_tests::target().join("bench/ca.pem");
    fs::write(&ca, okta.ca_pem())?;
    let python = Process::python(&[]).with_environment("SSL_CERT_FILE", &ca.display().to_string());
    let turns = Turns { rounds, each: TURN };
    // Each run has a user of its own: one can be suspended only once.
    compare(OKTA, &[&ours, &python], turns, |contender, round| {
        let number = round * 2 + contender;
        if contender == 0 {
            okta.script(number)
        } else {
            okta.native_script(number)
        }
    })
}

/// A contender under another name.
struct Named<'a>(&'static str, &'a dyn Contender);

impl Contender for Named<'_> {
    fn name(&self) -> String {
        self.0.to_owned()
    }

    fn run(&self, script: &[u8]) -> anyhow::Result<(Duration, Vec<u8>)> {
        self.1.run(script)
    }
}

/// So many runs of each contender, in turns of so many.
#[derive(Clone, Copy)]
struct Turns {
    rounds: usize,
    each: usize,
}

/// Runs all contenders in turns. `script` is given the contender's and the round's number.
fn compare(
    name: &str,
    contenders: &[&dyn Contender],
    turns: Turns,
    script: impl Fn(usize, usize) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<StartRow>> {
    let warm_up = WARM_UP.min(turns.rounds);
    let mut series = vec![Series::default(); contenders.len()];
    let all: Vec<usize> = (0..turns.rounds + warm_up).collect();
    for rounds in all.chunks(turns.each) {
        for (index, contender) in contenders.iter().enumerate() {
            for &round in rounds {
                let (took, printed) = contender
                    .run(&script(index, round)?)
                    .with_context(|| format!("{name}, {}", contender.name()))?;
                ensure!(
                    name != OKTA || printed == Okta::expected(round * 2 + index).as_bytes(),
                    "{name}, {}: {}",
                    contender.name(),
                    String::from_utf8_lossy(&printed)
                );
                if round >= warm_up {
                    series[index].push(took);
                }
            }
        }
    }
    let rows = contenders.iter().zip(&series);
    Ok(rows
        .map(|(contender, series)| StartRow {
            script: name.to_owned(),
            contender: contender.name(),
            times: series.summary(),
        })
        .collect())
}

/// Runs one script `rounds` times in this process and says how long it takes.
pub(crate) fn profile(script: &Path, rounds: usize) -> anyhow::Result<()> {
    let mut series = Series::default();
    if script == Path::new("okta") {
        let okta = Okta::start(rounds)?;
        let ours = Codehook::new(trusting(okta.ca_pem()), okta.policy()?)?;
        for round in 0..rounds {
            series.push(ours.run(&okta.script(round)?)?.0);
        }
    } else {
        let text = fs::read(script).with_context(|| format!("{}", script.display()))?;
        let ours = Codehook::new(EgressConfig::default(), Policy::default())?;
        for _ in 0..rounds {
            series.push(ours.run(&text)?.0);
        }
    }
    let times = series.summary();
    println!("p50 {:.3} ms, p99 {:.3} ms", times.p50, times.p99);
    Ok(())
}
