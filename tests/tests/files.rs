//! Files in `/tmp` behave as scripts written for Linux expect, and more runs than the pool holds wait for their turn.

use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::{TestRun, block_on, run, stderr, stdout};

fn prints(source: &str, expected: &str) {
    let report = run(source);
    assert_eq!(stdout(&report), expected, "{source}\n{}", stderr(&report));
}

#[test]
fn a_link_is_told_from_what_it_points_to() {
    prints(
        concat!(
            "import os, shutil\n",
            "os.mkdir('/tmp/keep')\nopen('/tmp/keep/x', 'w').close()\n",
            "os.mkdir('/tmp/tree')\nos.symlink('../keep', '/tmp/tree/link')\n",
            "print os.path.islink('/tmp/tree/link'), os.path.isdir('/tmp/tree/link'), os.path.islink('/tmp/keep')\n",
            "os.symlink('nothing', '/tmp/dangling')\n",
            "print os.path.lexists('/tmp/dangling'), os.path.exists('/tmp/dangling')\n",
            "shutil.rmtree('/tmp/tree')\n",
            "print os.listdir('/tmp/keep'), os.path.exists('/tmp/tree')\n",
        ),
        "True True False\nTrue False\n['x'] False\n",
    );
}

#[test]
fn an_open_file_is_the_one_its_path_names() {
    prints(
        concat!(
            "import os\n",
            "open('/tmp/f', 'w').close()\n",
            "for path in (__file__, os.__file__, '/tmp/f'):\n",
            "    with open(path) as f: print os.path.samestat(os.fstat(f.fileno()), os.stat(path))\n",
        ),
        "True\nTrue\nTrue\n",
    );
}

#[test]
fn a_loop_of_links_reads_as_one() {
    prints(
        "import os, errno\nos.symlink('a', '/tmp/b')\nos.symlink('b', '/tmp/a')\ntry: open('/tmp/a')\nexcept IOError as e: print e.errno == errno.ELOOP\n",
        "True\n",
    );
}

#[test]
fn what_a_hook_packs_up_can_be_read_where_it_is_unpacked() {
    prints(
        concat!(
            "import os, stat, tarfile, zipfile\n",
            "open('/tmp/f', 'w').close()\nos.mkdir('/tmp/d')\n",
            "print oct(stat.S_IMODE(os.stat('/tmp/f').st_mode)), oct(stat.S_IMODE(os.stat('/tmp/d').st_mode))\n",
            "print os.stat('/tmp/f').st_uid == os.getuid()\n",
            "zipfile.ZipFile('/tmp/z', 'w').write('/tmp/f')\n",
            "print oct(int(zipfile.ZipFile('/tmp/z').infolist()[0].external_attr >> 16))\n",
            "tarfile.open('/tmp/t', 'w').add('/tmp/f')\n",
            "print os.access('/tmp/f', os.R_OK)\n",
        ),
        "0644 0755\nTrue\n0100644\nTrue\n",
    );
}

#[test]
fn clock_starts_with_the_run() {
    prints(
        "import time\na = time.clock()\nx = sum(range(10**5))\nb = time.clock()\nprint 0 <= a < 5, b > a\n",
        "True True\n",
    );
}

#[test]
fn more_runs_than_the_pool_holds_wait_for_a_place() {
    const RUNS: usize = 40;
    block_on(async {
        let mut runs = tokio::task::JoinSet::new();
        for number in 0..RUNS {
            runs.spawn(async move {
                let source = format!("import time\ntime.sleep(0.05)\nprint {number}");
                let report = TestRun::new(source).perform(Purpose::Run).await;
                assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
                assert_eq!(stdout(&report), format!("{number}\n"));
            });
        }
        while let Some(done) = runs.join_next().await {
            done.expect("a run that succeeds");
        }
    });
}
