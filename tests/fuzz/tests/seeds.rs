//! A short run of every fuzz target: each seed, and seeds with random edits. `make fuzz` is the long one.

use std::fs;
use std::path::Path;

use codehook_fuzz::TARGETS;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{target}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| fs::read(path).unwrap())
        .collect()
}

/// One change to an input.
#[derive(Debug, Clone)]
enum Edit {
    Remove(Index, u8),
    Insert(Index, Vec<u8>),
    /// A piece of another seed.
    Splice(Index, Index, Index, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = prop_oneof![
        prop::sample::select(b"'\"\\@A#u0x\n\r:/.[]{}%= \xff,-1".to_vec())
            .prop_map(|byte| vec![byte]),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop_oneof![
        (any::<Index>(), 1..12u8).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), any::<Index>(), any::<Index>(), 1..24u8)
            .prop_map(|(at, seed, from, count)| Edit::Splice(at, seed, from, count)),
    ]
}

fn apply(edit: &Edit, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    match edit {
        Edit::Remove(at, count) => {
            let at = at.index(input.len() + 1);
            let end = input.len().min(at + usize::from(*count));
            input.drain(at..end);
        }
        Edit::Insert(at, bytes) => {
            let at = at.index(input.len() + 1);
            input.splice(at..at, bytes.iter().copied());
        }
        Edit::Splice(at, seed, from, count) => {
            let (at, seed) = (at.index(input.len() + 1), seed.get(seeds));
            let from = from.index(seed.len() + 1);
            let piece = &seed[from..seed.len().min(from + usize::from(*count))];
            input.splice(at..at, piece.iter().copied());
        }
    }
}

#[test]
fn seeds_and_their_neighbours_meet_what_the_oracles_say() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        seeds.iter().for_each(|seed| target(seed));
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 1500,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let inputs = (any::<Index>(), prop::collection::vec(edit(), 1..6));
        let result = runner.run(&inputs, |(seed, edits)| {
            let mut input = seed.get(&seeds).clone();
            edits
                .iter()
                .for_each(|edit| apply(edit, &mut input, &seeds));
            target(&input);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
