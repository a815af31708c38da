//! Results: shown as they come, and written as a table, a chart and JSON.

use std::fs;
use std::path::Path;

use anyhow::anyhow;
use plotters::prelude::*;
use serde::Serialize;

use crate::machine::Machine;
use crate::timing::Summary;

#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rounds: usize,
    start: Vec<StartRow>,
    throughput: Vec<ThroughputRow>,
    waiting: Vec<WaitingRow>,
    busy: Vec<BusyRow>,
    cpu: Vec<CpuRow>,
}

/// One script run by one contender.
#[derive(Serialize)]
pub(crate) struct StartRow {
    pub(crate) script: String,
    pub(crate) contender: String,
    #[serde(flatten)]
    pub(crate) times: Summary,
}

impl StartRow {
    /// How often `ours` is run in the time of one run of this one: by the medians, and by all runs together.
    fn ratios(&self, ours: &StartRow) -> (f64, f64) {
        (
            self.times.p50 / ours.times.p50,
            ours.times.per_second / self.times.per_second,
        )
    }
}

/// Runs a second of one script on so many cores.
#[derive(Serialize)]
pub(crate) struct ThroughputRow {
    pub(crate) cores: usize,
    pub(crate) ours: f64,
    pub(crate) native: f64,
    /// What a native process takes of memory.
    pub(crate) native_mib: f64,
}

/// So many runs wait for HTTP, and short runs go on beside them.
#[derive(Serialize)]
pub(crate) struct WaitingRow {
    pub(crate) waiting: usize,
    /// Milliseconds from the first start until all of them wait.
    pub(crate) all_waiting_after: f64,
    pub(crate) mib_each: f64,
    pub(crate) threads: usize,
    pub(crate) short: Summary,
}

/// So many runs compute, and short runs go on beside them.
#[derive(Serialize)]
pub(crate) struct BusyRow {
    pub(crate) busy: usize,
    pub(crate) short: Summary,
}

/// Processor time of one script, in milliseconds.
#[derive(Serialize)]
pub(crate) struct CpuRow {
    pub(crate) script: String,
    pub(crate) ours: f64,
    pub(crate) native: f64,
}

impl ThroughputRow {
    fn ratio(&self) -> f64 {
        self.ours / self.native
    }

    fn line(&self) -> String {
        format!(
            "| {} | {:.0} | {:.0} | {:.1} | {:.1} |",
            self.cores,
            self.ours,
            self.native,
            self.native_mib,
            self.ratio()
        )
    }
}

impl WaitingRow {
    fn line(&self) -> String {
        format!(
            "| {} | {} | {:.2} | {:.0} | {:.3} | {:.3} |",
            self.waiting,
            self.threads,
            self.mib_each,
            self.all_waiting_after,
            self.short.p50,
            self.short.p99
        )
    }
}

impl BusyRow {
    fn line(&self) -> String {
        format!(
            "| {} | {:.3} | {:.3} |",
            self.busy, self.short.p50, self.short.p99
        )
    }
}

impl CpuRow {
    fn ratio(&self) -> f64 {
        self.ours / self.native
    }

    fn line(&self) -> String {
        format!(
            "| {} | {:.0} | {:.0} | {:.2} |",
            self.script,
            self.ours,
            self.native,
            self.ratio()
        )
    }
}

impl Report {
    pub(crate) fn new(machine: Machine, rounds: usize) -> Self {
        println!("{machine}; {rounds} runs of each kind");
        Self {
            machine,
            rounds,
            start: Vec::new(),
            throughput: Vec::new(),
            waiting: Vec::new(),
            busy: Vec::new(),
            cpu: Vec::new(),
        }
    }

    /// Rows of one script, ours first.
    pub(crate) fn start(&mut self, rows: Vec<StartRow>) {
        if let Some(ours) = rows.first() {
            println!("\n{}", ours.script);
            for row in &rows {
                let (of_medians, of_rates) = row.ratios(ours);
                println!(
                    "  {:<28} p50 {:>9.3} ms  p99 {:>9.3} ms  {:>7.0} runs/s  ratio of p50 {of_medians:>7.1}, of runs/s {of_rates:>7.1}",
                    row.contender, row.times.p50, row.times.p99, row.times.per_second,
                );
            }
        }
        self.start.extend(rows);
    }

    pub(crate) fn throughput(&mut self, row: ThroughputRow) {
        println!(
            "{:>5} cores: {:.0} runs/s, natively {:.0} (of {:.1} MiB each), ratio {:.1}",
            row.cores,
            row.ours,
            row.native,
            row.native_mib,
            row.ratio()
        );
        self.throughput.push(row);
    }

    pub(crate) fn waiting(&mut self, row: WaitingRow) {
        println!(
            "{:>5} waiting ({} threads): {:.2} MiB each, all waiting after {:.0} ms; short runs p50 {:.3} ms, p99 {:.3} ms",
            row.waiting,
            row.threads,
            row.mib_each,
            row.all_waiting_after,
            row.short.p50,
            row.short.p99
        );
        self.waiting.push(row);
    }

    pub(crate) fn busy(&mut self, row: BusyRow) {
        println!(
            "{:>5} busy: short runs p50 {:.3} ms, p99 {:.3} ms",
            row.busy, row.short.p50, row.short.p99
        );
        self.busy.push(row);
    }

    pub(crate) fn cpu(&mut self, row: CpuRow) {
        println!(
            "{:<20} {:>8.0} ms, native {:>8.0} ms, ratio {:.2}",
            row.script,
            row.ours,
            row.native,
            row.ratio()
        );
        self.cpu.push(row);
    }

    /// The geometric mean of the ratios.
    fn mean_ratio(&self) -> f64 {
        let sum: f64 = self.cpu.iter().map(|row| row.ratio().ln()).sum();
        (sum / self.cpu.len() as f64).exp()
    }

    pub(crate) fn cpu_mean(&self) {
        println!("geometric mean of the ratios: {:.3}", self.mean_ratio());
    }

    /// Writes `results.json`, `results.md` and `start.svg` into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)?;
        fs::write(folder.join("results.json"), json + "\n")?;
        fs::write(folder.join("results.md"), self.tables())?;
        self.chart(&folder.join("start.svg"))
    }

    fn tables(&self) -> String {
        let mut text = format!(
            "# Results\n\nWritten by `make bench`: {}; {} runs of each kind, taking turns. Ratios are to ours; milliseconds are this machine's.\n",
            self.machine, self.rounds
        );
        if !self.start.is_empty() {
            text += "\n![Start](start.svg)\n";
        }
        text += &table(
            "| Script | Run by | p50, ms | p99, ms | Runs/s | Ratio of p50 | Ratio of runs/s |",
            self.start.iter().map(|row| self.start_line(row)),
        );
        text += &table(
            "| Cores | Runs/s of the second script | python2.7 | MiB of a process | Ratio |",
            self.throughput.iter().map(ThroughputRow::line),
        );
        text += &table(
            "| Waiting runs | Threads | MiB each | All waiting after, ms | Short runs beside: p50, ms | p99, ms |",
            self.waiting.iter().map(WaitingRow::line),
        );
        text += &table(
            "| Runs that never stop computing | Short runs beside: p50, ms | p99, ms |",
            self.busy.iter().map(BusyRow::line),
        );
        let mean = (!self.cpu.is_empty())
            .then(|| format!("| geometric mean | | | {:.2} |", self.mean_ratio()));
        text += &table(
            "| Processor time | Ours, ms | python2.7, ms | Ratio |",
            self.cpu.iter().map(CpuRow::line).chain(mean),
        );
        text
    }

    fn start_line(&self, row: &StartRow) -> String {
        let ours = self.start.iter().find(|other| other.script == row.script);
        let (of_medians, of_rates) = ours.map_or((1.0, 1.0), |ours| row.ratios(ours));
        format!(
            "| {} | {} | {:.3} | {:.3} | {:.0} | {of_medians:.1} | {of_rates:.1} |",
            row.script, row.contender, row.times.p50, row.times.p99, row.times.per_second
        )
    }

    /// Bars of the medians, on a scale where each step is ten times the one before.
    fn chart(&self, path: &Path) -> anyhow::Result<()> {
        let rows = &self.start;
        let height = 60 + 24 * u32::try_from(rows.len())?;
        let root = SVGBackend::new(path, (860, height)).into_drawing_area();
        let failed = |error| anyhow!("the chart cannot be drawn: {error}");
        root.fill(&WHITE).map_err(failed)?;
        let text = ("sans-serif", 13).into_font();
        let longest = rows.iter().map(|row| row.times.p50).fold(1.0, f64::max);
        let width = |milliseconds: f64| {
            // From 0.1 ms on.
            let share = (milliseconds.max(0.1) * 10.0).log10() / (longest * 10.0).log10();
            (420.0 * share) as i32
        };
        let title = "Milliseconds from a script to its result (p50; logarithmic)";
        root.draw(&Text::new(title, (10, 12), ("sans-serif", 16).into_font()))
            .map_err(failed)?;
        for (index, row) in rows.iter().enumerate() {
            let y = 44 + 24 * i32::try_from(index)?;
            let ours = row.contender.starts_with("codehook");
            let colour = if ours {
                RGBColor(20, 110, 180)
            } else {
                RGBColor(170, 170, 170)
            };
            let name = format!("{}: {}", row.script, row.contender);
            root.draw(&Text::new(name, (10, y + 2), text.clone()))
                .map_err(failed)?;
            let bar = [(360, y), (361 + width(row.times.p50), y + 16)];
            root.draw(&Rectangle::new(bar, colour.filled()))
                .map_err(failed)?;
            let value = format!("{:.2}", row.times.p50);
            root.draw(&Text::new(value, (bar[1].0 + 6, y + 2), text.clone()))
                .map_err(failed)?;
        }
        root.present().map_err(failed)
    }
}

/// A table, unless it would be empty.
fn table(header: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return String::new();
    }
    let rule = "|---".repeat(header.matches('|').count() - 1);
    format!("\n{header}\n{rule}|\n{}\n", lines.join("\n"))
}
