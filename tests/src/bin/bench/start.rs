//! How long a run takes whose script does little: all of it is start.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use codehook_egress::{EgressConfig, Policy};
use codehook_tests::trusting;

use crate::contender::{Codehook, Contender, Process};
use crate::hooks::Okta;
use crate::report::{Report, StartRow};
use crate::timing::Series;

const WARM_UP: usize = 10;
/// Pyodide takes seconds for each run.
const SLOW_ROUNDS: usize = 5;

const PASS: &str = "pass\n";
const IMPORTS: &str = "import urllib2, json, datetime\nprint json.dumps({'a': [1, 2.5, None]}), datetime.date(2020, 1, 2)\n";
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
        let mut rows = compare(name, &contenders, rounds, |_, _| {
            Ok(script.as_bytes().to_vec())
        })?;
        if let (Some(pyodide), Some(script)) = (&pyodide, script_3) {
            let text = script.as_bytes().to_vec();
            rows.extend(compare(name, &[pyodide], SLOW_ROUNDS, |_, _| {
                Ok(text.clone())
            })?);
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
    // Each run has a user of its own: one can be suspended only once.
    compare(
        "Okta hook, two HTTPS calls",
        &[&ours, &python],
        rounds,
        |contender, round| {
            let number = round * 2 + contender;
            if contender == 0 {
                okta.script(number)
            } else {
                okta.native_script(number)
            }
        },
    )
}

/// Runs `rounds` of each contender, taking turns. `script` is given the contender's and the round's number.
fn compare(
    name: &str,
    contenders: &[&dyn Contender],
    rounds: usize,
    script: impl Fn(usize, usize) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<StartRow>> {
    let warm_up = WARM_UP.min(rounds);
    let mut series = vec![Series::default(); contenders.len()];
    for round in 0..rounds + warm_up {
        for (index, contender) in contenders.iter().enumerate() {
            let text = script(index, round)?;
            let (took, printed) = contender
                .run(&text)
                .with_context(|| format!("{name}, {}", contender.name()))?;
            ensure!(
                !name.starts_with("Okta")
                    || printed == Okta::expected(round * 2 + index).as_bytes(),
                "{name}, {}: {}",
                contender.name(),
                String::from_utf8_lossy(&printed)
            );
            if round >= warm_up {
                series[index].push(took);
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
