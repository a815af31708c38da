//! What a person reads: progress, the table, the two numbers, the differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::Times;
use crate::cases::{Cases, Outcome};
use crate::compare::{Compared, Kind, listed_name};
use crate::exceptions::Exceptions;

/// One line for a module that is done.
pub(crate) fn progress(compared: &Compared, times: Times, number: usize, total: usize) {
    let unlisted = compared.count(|kind| *kind == Kind::Unlisted);
    let stale = compared.count(|kind| *kind == Kind::Stale);
    let mut remarks = String::new();
    if unlisted > 0 {
        let _ = write!(remarks, "  {unlisted} FAIL");
    }
    if stale > 0 {
        let _ = write!(remarks, "  {stale} listed and passing");
    }
    println!(
        "[{number:>3}/{total}] {:<28} {}{remarks}",
        compared.module,
        row(compared, times)
    );
}

fn row(compared: &Compared, times: Times) -> String {
    format!(
        "native {:<16} sandbox {:<20} {:>6.1} s {:>6.1} s",
        counts(&compared.native),
        counts(&compared.inside),
        times.native.as_secs_f64(),
        times.inside.as_secs_f64()
    )
}

fn counts(cases: &Cases) -> String {
    let mut text = cases.count(&Outcome::Pass).to_string();
    let rest = [
        (Outcome::Skip, "skipped"),
        (Outcome::Fail, "failed"),
        (Outcome::Cut, "stopped"),
    ];
    for (outcome, word) in rest {
        let count = cases.count(&outcome);
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

/// Listed names of cases that no module has natively.
pub(crate) fn unknown(done: &[(Compared, Times)], exceptions: &Exceptions) -> Vec<String> {
    let known: BTreeSet<String> = done
        .iter()
        .flat_map(|(compared, _)| {
            let ids = compared.native.by_name.keys();
            ids.map(|id| listed_name(&compared.module, id))
        })
        .collect();
    let listed = exceptions.by_name.keys();
    listed
        .filter(|name| !known.contains(*name))
        .cloned()
        .collect()
}

/// Writes `table.txt` and `differences.txt`.
pub(crate) fn write(directory: &Path, done: &[(Compared, Times)]) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let mut table = String::new();
    let mut texts = String::new();
    for (compared, times) in done {
        let _ = writeln!(table, "{:<28} {}", compared.module, row(compared, *times));
        for difference in &compared.differences {
            let reason = match &difference.kind {
                Kind::Listed(reason) => reason.as_str(),
                Kind::Unlisted => "NOT LISTED",
                Kind::Stale => "LISTED AND PASSING",
            };
            let _ = writeln!(table, "    {}: {reason}", difference.name);
            let needs = difference.needs.join(",");
            let text = difference.text.trim_end().replace('\n', "\n    ");
            let _ = writeln!(texts, "{} [{needs}] {reason}\n    {text}", difference.name);
        }
    }
    std::fs::write(directory.join("table.txt"), table)?;
    std::fs::write(directory.join("differences.txt"), texts)
}

/// Prints the outcome; true if it is as the list says.
pub(crate) fn print(directory: &Path, done: &[(Compared, Times)], unknown: &[String]) -> bool {
    let sum = |of: fn(&Compared) -> usize| done.iter().map(|(one, _)| of(one)).sum::<usize>();
    let natively = sum(|one| one.native.count(&Outcome::Pass));
    let qualifying = sum(|one| one.qualifying);
    let passing = sum(|one| one.passing);
    println!();
    println!(
        "cases that pass natively: {natively}; of these pass in the sandbox: {}",
        sum(|one| one.passing_in_all)
    );
    println!(
        "cases that pass natively and need no thread, process or socket: {qualifying}; of these pass in the sandbox: {passing} ({:.2} %)",
        percent(passing, qualifying)
    );
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let differences = done.iter().flat_map(|(one, _)| &one.differences);
    for difference in differences {
        if let Kind::Listed(reason) = &difference.kind {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    println!("exceptions, by reason (tests/cpython/exceptions.txt):");
    for (reason, count) in reasons {
        println!("{count:>6}  {reason}");
    }
    let unlisted = sum(|one| one.count(|kind| *kind == Kind::Unlisted));
    let stale = sum(|one| one.count(|kind| *kind == Kind::Stale));
    let cut = done
        .iter()
        .filter(|(one, _)| one.native.by_name.is_empty())
        .count();
    for name in unknown {
        println!("listed, but no case natively: {name}");
    }
    println!(
        "{} modules; not listed and failing: {unlisted}; listed and passing: {stale}; listed and unknown: {}; no result natively: {cut}",
        done.len(),
        unknown.len()
    );
    println!("the table and the texts: {}", directory.display());
    // What a machine has not (gdb, root's rights) may be listed all the same.
    unlisted == 0 && stale == 0 && cut == 0
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    100.0 * part as f64 / whole as f64
}
