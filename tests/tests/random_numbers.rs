//! Every run starts from the same snapshot, and no two draw the same numbers from it.

use std::collections::HashSet;

use codehook_sandbox::Outcome;
use codehook_tests::{run, stderr, stdout};

const RUNS: usize = 8;

/// Prints one drawn value a line, each with the name of its source.
const DRAW: &str = "
import os, random, string, tempfile, uuid
print 'random', random.random()
print 'randint', random.randint(0, 2**62)
print 'getrandbits', random.getrandbits(128)
print 'shuffle', random.sample(range(10**6), 8)
print 'system', random.SystemRandom().getrandbits(128)
print 'urandom', os.urandom(16).encode('hex')
print 'mkstemp', tempfile.mkstemp()[1]
print 'mkdtemp', tempfile.mkdtemp()
print 'named', tempfile.NamedTemporaryFile().name
print 'uuid1', uuid.uuid1()
print 'node', uuid.getnode()
print 'uuid4', uuid.uuid4()
import mimetools, email.generator
print 'boundary', email.generator._make_boundary()
print 'id', random.Random().random()
";

#[test]
fn no_two_runs_share_a_random_number_a_temporary_name_or_a_uuid() {
    let mut seen = HashSet::new();
    for number in 0..RUNS {
        let report = run(DRAW);
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        let drawn = stdout(&report);
        assert_eq!(drawn.lines().count(), 14, "{drawn}");
        for line in drawn.lines() {
            assert!(
                seen.insert(line.to_owned()),
                "run {number} drew again: {line}"
            );
        }
    }
}
