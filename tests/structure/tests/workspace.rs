//! The project keeps its structure: nothing imports in a circle, and nothing reaches up.

use std::path::Path;

#[test]
fn no_files_import_each_other_in_a_cycle_and_none_reaches_up() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .nth(2)
        .expect("tests/structure is in the workspace");
    let report = codehook_structure::check(root, &here.join("layers.toml"))
        .expect("the project can be read");
    // Far fewer would mean that files are not found.
    assert!(report.files > 300, "{} files", report.files);
    let found: Vec<&str> = report.faults().collect();
    assert!(
        found.is_empty(),
        "{} faults of structure:\n{}",
        found.len(),
        found.join("\n")
    );
}
