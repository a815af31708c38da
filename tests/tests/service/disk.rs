//! A disk that is full or read-only: nothing is acknowledged that is not kept, nothing that was kept is lost, and the service goes on as soon
//! as it can write again.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use codehook_tests::program::Program;
use serde_json::json;

use crate::server::Service;

/// Takes all the room that there is.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file");
    let piece = [0; 4096];
    while file.write_all(&piece).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}

/// Where the small disk is, in the process that has one.
const SMALL_DISK: &str = "CODEHOOK_TEST_SMALL_DISK";
const SET_UP: &str = "mount -t tmpfs -o size=8m,mode=700 none \"$1\" && shift && exec \"$@\"";

/// Runs `inside` with a file system of eight megabytes that nobody else sees: in a process of its own, which runs this same test.
fn on_small_disk(test: &str, inside: impl FnOnce(PathBuf)) {
    if let Some(disk) = env::var_os(SMALL_DISK) {
        inside(disk.into());
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", SET_UP, "sh"])
        .arg(directory.path())
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(SMALL_DISK, directory.path())
        .status();
    let advice =
        "the test needs Linux namespaces (`unshare`): run it as root, or allow user namespaces";
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        // The test harness's own.
        Ok(Some(101)) => panic!("{test} has failed on its disk"),
        other => panic!("no disk for {test} ({other:?}): {advice}"),
    }
}

#[test]
fn a_full_disk_is_said_and_got_over() {
    on_small_disk("disk::a_full_disk_is_said_and_got_over", full_disk);
}

fn full_disk(disk: PathBuf) {
    let filler = disk.join("filler");
    let service = Service::start_in(disk.join("data"));
    let client = &service.client;
    client.publish(
        "h",
        json!({"template": "import time\ntime.sleep(2)\nprint 'done'\n"}),
    );
    let before = client.event(&json!({"n": 0}));
    let path = format!(
        "/v1/tenants/acme/runs/{}",
        before["runs"][0].as_str().expect("a run")
    );
    client.wait(&path, |run| run["state"] == "running");
    fill(&filler);
    // Room that the journal has left takes some more events: as many as are acknowledged are kept.
    let mut kept = vec![before];
    let refused = loop {
        let event = json!({"n": kept.len(), "text": "x".repeat(20_000)});
        let answer = client.post("/v1/tenants/acme/events", &event);
        if answer.status != 202 {
            break answer;
        }
        kept.push(answer.json());
        assert!(kept.len() < 1000, "the disk is never full");
    };
    assert!(refused.retry_after.is_some());
    refused.problem(507);
    assert_eq!(client.get("/v1/tenants/acme/runs").status, 200);
    // A run ends while there is no room to say so.
    service.logged("the end of an attempt cannot be written; trying again");
    fs::remove_file(&filler).expect("it is there");
    for receipt in &kept {
        let run = client.ended(&receipt["runs"][0]);
        assert_eq!(run["state"], "succeeded", "{run}");
        assert_eq!(run["history"][0]["report"]["stdout"], "done\n");
    }
    client.event(&json!({"n": -1}));
}

#[test]
fn a_read_only_disk_is_said_at_the_start_and_loses_nothing() {
    on_small_disk(
        "disk::a_read_only_disk_is_said_at_the_start_and_loses_nothing",
        read_only_disk,
    );
}

fn mount_again(disk: &Path, how: &str) {
    let status = Command::new("mount").args(["-o", how]).arg(disk).status();
    assert!(status.expect("there is mount").success(), "{how}");
}

fn read_only_disk(disk: PathBuf) {
    let mut service = Service::start_in(disk.join("data"));
    let event = service.client.event(&json!({"n": 1}))["id"].clone();
    service.kill();
    mount_again(&disk, "remount,ro");
    let data = disk.join("data");
    let ended = Program::new().run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        data.to_str().expect("UTF-8"),
    ]);
    ended.says(3, "Read-only file system");
    mount_again(&disk, "remount,rw");
    service.restart();
    let path = format!(
        "/v1/tenants/acme/events/{}",
        event.as_str().expect("an identifier")
    );
    assert_eq!(
        service.client.get(&path).with(200)["event"],
        json!({"n": 1})
    );
}
