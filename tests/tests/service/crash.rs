//! The process is killed under load, again and again: whatever got a 202 has a run that ends, no attempt is lost, and none is invented.
//! `CODEHOOK_KILLS` says how often.
//!
//! SIGKILL ends the process between any two of its system calls, and what it has handed to the operating system stays. This
//! tests the order of writes and the recovery from the journal. It does not test that data is on the disk before a 202 is sent: a power
//! failure would lose the page cache, which a signal leaves alone.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Service;

/// Kills where nobody says how many.
const KILLS: usize = 8;
const SENDERS: usize = 4;
/// Waits to be killed in its first attempt, and ends at once in the next.
const WAITS: &str = "import codehook, time\nif codehook.attempt == 1: time.sleep(29)\n";

fn kills() -> usize {
    std::env::var("CODEHOOK_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"))
}

/// Sends events until it is told to stop, each again and again until it is acknowledged.
fn send(
    client: &crate::server::Client,
    sender: usize,
    stop: &AtomicBool,
    acknowledged: &Mutex<BTreeSet<String>>,
) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let event = json!({"EventId": format!("{sender}-{number}"), "UserName": "ann"}).to_string();
        if let Some(answer) =
            client.try_send("POST", "/v1/tenants/acme/events", &[], event.as_bytes())
            && answer.status == 202
        {
            let receipt = answer.json();
            let id = receipt["id"].as_str().expect("an identifier").to_owned();
            acknowledged.lock().expect("no panic").insert(id);
            number += 1;
        } else {
            return;
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kills_and_no_attempt_is_lost_or_invented() {
    let mut service = Service::start();
    let quotas =
        json!({"events_per_second": 100_000, "concurrent_runs": 64, "queued_runs": 1_000_000});
    service
        .client
        .put("/v1/tenants/acme/quotas", &quotas)
        .with(200);
    service.client.publish(
        "h",
        json!({
            "template": "import time\ntime.sleep(0.02)\nprint '@UserName@'\n",
            "trigger": {"when": "has(event.UserName)"},
        }),
    );
    service.client.publish(
        "waits",
        json!({"template": WAITS, "trigger": {"when": "!has(event.UserName)"}}),
    );
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let mut slowest = Duration::ZERO;
    let kills = kills();
    for round in 0..kills {
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (client, stop, acknowledged) = (
                    service.client.clone(),
                    Arc::clone(&stop),
                    Arc::clone(&acknowledged),
                );
                let sender = round * SENDERS + sender;
                thread::spawn(move || send(&client, sender, &stop, &acknowledged))
            })
            .collect();
        // At least one attempt is under way when the process dies.
        let waiting = service.client.event(&json!({"round": round}));
        let id = waiting["id"].as_str().expect("an identifier").to_owned();
        acknowledged.lock().expect("no panic").insert(id);
        let run = waiting["runs"][0].as_str().expect("a run");
        service
            .client
            .wait(&format!("/v1/tenants/acme/runs/{run}"), |run| {
                run["state"] == "running"
            });
        // Another moment each time.
        thread::sleep(Duration::from_millis(50 + (round as u64 * 37) % 200));
        service.kill();
        stop.store(true, Ordering::Relaxed);
        senders
            .into_iter()
            .for_each(|sender| sender.join().expect("no panic"));
        let began = Instant::now();
        service.restart();
        slowest = slowest.max(began.elapsed());
    }
    let acknowledged = acknowledged.lock().expect("no panic").clone();
    let (runs, attempts, interrupted) = check(&service, &acknowledged);
    println!(
        "{kills} kills: {} events acknowledged, {runs} runs ended, {attempts} attempts of which {interrupted} were interrupted; slowest start {slowest:?}",
        acknowledged.len()
    );
    assert!(acknowledged.len() > kills, "no sender got a 202");
    assert!(
        interrupted >= kills,
        "{interrupted} attempts were interrupted by {kills} kills"
    );
}

/// Every run has ended, every acknowledged event has one, and attempts are numbered without gaps. Runs, attempts, interrupted ones.
fn check(service: &Service, acknowledged: &BTreeSet<String>) -> (usize, usize, usize) {
    let client = &service.client;
    for state in ["queued", "running"] {
        client.wait(&format!("/v1/tenants/acme/runs?state={state}"), |page| {
            page["items"] == json!([])
        });
    }
    let mut runs: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client
            .get(&format!("/v1/tenants/acme/runs?limit=500{cursor}"))
            .with(200);
        runs.extend(page["items"].as_array().expect("runs").iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let (attempts, interrupted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut events = BTreeSet::new();
    for run in &runs {
        assert!(
            events.insert(run["event"].as_str().expect("an event").to_owned()),
            "two runs for one event: {run}"
        );
        assert_eq!(run["state"], "succeeded", "{run}");
        // Those that were interrupted are looked at closely, and some of the others.
        if run["attempts"] == 1 && attempts.load(Ordering::Relaxed) % 20 != 0 {
            attempts.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let detail = client
            .get(&format!(
                "/v1/tenants/acme/runs/{}",
                run["id"].as_str().expect("an identifier")
            ))
            .with(200);
        let history = detail["history"].as_array().expect("attempts");
        assert_eq!(json!(history.len()), run["attempts"], "{detail}");
        for (place, attempt) in history.iter().enumerate() {
            assert_eq!(attempt["number"], json!(place + 1), "{detail}");
            let last = place + 1 == history.len();
            let outcome = if last { "succeeded" } else { "interrupted" };
            assert_eq!(attempt["outcome"], outcome, "{detail}");
            interrupted.fetch_add(usize::from(!last), Ordering::Relaxed);
        }
        attempts.fetch_add(history.len(), Ordering::Relaxed);
    }
    let lost: Vec<_> = acknowledged.difference(&events).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    (runs.len(), attempts.into_inner(), interrupted.into_inner())
}
