//! The checker finds what it is there for: in small trees with a cycle, with an upward import, and with neither.

use std::fs;
use std::path::Path;

use codehook_structure::graph::{Cycle, Graph};
use codehook_structure::layers::violations;
use codehook_structure::{StructureError, c, python, rust};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
        fs::write(path, content).expect("a file");
    }
    folder
}

fn rust_imports(files: &[(&str, &str)]) -> Graph {
    let tree = tree(files);
    rust::imports(&tree.path().join("lib.rs"), tree.path()).expect("it is Rust")
}

fn c_imports(files: &[(&str, &str)]) -> Graph {
    let tree = tree(files);
    c::imports(tree.path(), tree.path()).expect("the files are readable")
}

fn python_imports(files: &[(&str, &str)]) -> Graph {
    let tree = tree(files);
    python::imports(tree.path(), tree.path()).expect("the files are readable")
}

/// The imports, one a line.
fn edges(graph: &Graph) -> Vec<String> {
    graph
        .edges()
        .map(|(from, to, _)| format!("{from} -> {to}"))
        .collect()
}

fn only_cycle(graph: &Graph) -> Cycle {
    let mut cycles = graph.cycles();
    assert_eq!(cycles.len(), 1, "{cycles:?}");
    cycles.remove(0)
}

fn layers(names: &[&[&str]]) -> Vec<Vec<String>> {
    names
        .iter()
        .map(|layer| layer.iter().map(ToString::to_string).collect())
        .collect()
}

#[test]
fn two_rust_files_that_import_each_other_are_a_cycle() {
    let graph = rust_imports(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        (
            "b.rs",
            "pub struct B; pub fn f() -> super::a::A { todo!() }",
        ),
    ]);
    let cycle = only_cycle(&graph);
    assert_eq!(cycle.files, ["a.rs", "b.rs"]);
    let shown = "cycle of 2 files: a.rs -(B)-> b.rs -(A)-> a.rs";
    assert_eq!(cycle.to_string(), shown);
}

#[test]
fn a_chain_is_the_shortest_and_the_other_files_of_its_cycle_are_named() {
    let graph = rust_imports(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; use crate::a::A; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
    ]);
    let shown = only_cycle(&graph).to_string();
    assert_eq!(
        shown,
        "cycle of 3 files: a.rs -(B)-> b.rs -(A)-> a.rs; in the same cycle: c.rs"
    );
}

#[test]
fn every_way_to_write_a_path_counts() {
    let ways = [
        "use crate::b::B;",
        "use super::b::B;",
        "use super::{b::{self, B}};",
        "use crate::{b::{B as Other}};",
        "use crate::b::B as _;",
        "use crate::b::*; fn f(_: B) {}",
        "use crate::b; fn f(_: b::B) {}",
        "use super::*; fn f(_: b::B) {}",
        "fn f(_: crate::b::B) {}",
        "fn f() { let _ = crate::b::B; }",
        "fn f() { use crate::b::B; }",
        "fn f() { println!(\"{:?}\", crate::b::B); }",
        "use crate::b; fn f() { vec![b::B]; }",
        "struct S(#[serde(with = \"crate::b::B\")] u8);",
        "impl From<crate::b::B> for u8 {}",
        "fn f<T: Into<crate::b::B>>() {}",
        "use crate::b::inner::I;",
        "mod inline { use super::super::b::B; }",
        "use crate::facade::B;",
        "use crate::Renamed;",
        "use crate::all::B;",
        "fn f() { shout!(); }",
    ];
    for way in ways {
        let graph = rust_imports(&[
            (
                "lib.rs",
                "mod a; mod b; mod facade; mod all; use b::B as Renamed;",
            ),
            ("a.rs", way),
            (
                "b.rs",
                "#[derive(Debug)] pub struct B; pub mod inner { pub struct I; } macro_rules! shout { () => {} }",
            ),
            ("facade.rs", "pub use super::b::B;"),
            ("all.rs", "pub(crate) use super::b::*;"),
        ]);
        let found = edges(&graph);
        let from_a: Vec<_> = found
            .iter()
            .filter(|edge| edge.starts_with("a.rs"))
            .collect();
        assert_eq!(from_a, ["a.rs -> b.rs"], "{way}");
    }
}

#[test]
fn what_is_no_import_does_not_count() {
    let ways = [
        "#[cfg(test)] mod tests { use crate::b::B; }",
        "#[cfg(test)] use crate::b::B;",
        "#[cfg(all(test, unix))] fn f(_: crate::b::B) {}",
        "struct S; impl S { #[cfg(test)] fn f(_: crate::b::B) {} }",
        "#[test] fn f() { crate::b::B; }",
        "/// Like [`crate::b::B`].\nfn f() {}",
        "// use crate::b::B;",
        "const S: &str = \"crate::b::B\";",
        "use crate::b;",
        "use ::b::B;",
        "use std::fmt; mod fmt2 { pub struct B; }",
        "pub(in crate::b) fn f() {}",
        "use super::Root; fn f(_: crate::Root) {}",
        "mod deep { fn f(_: crate::Root, _: super::super::Root) {} }",
    ];
    for way in ways {
        let graph = rust_imports(&[
            ("lib.rs", "mod a; mod b; struct Root;"),
            ("a.rs", way),
            ("b.rs", "pub struct B;"),
        ]);
        assert_eq!(edges(&graph), Vec::<String>::new(), "{way}");
    }
}

#[test]
fn modules_are_found_where_rust_finds_them() {
    let graph = rust_imports(&[
        (
            "lib.rs",
            "mod a; mod d; #[path = \"elsewhere/z.rs\"] mod p; mod inline { pub mod deep; }",
        ),
        ("a.rs", "mod sub; use sub::S;"),
        ("a/sub.rs", "pub struct S; use crate::d::e::E;"),
        ("d/mod.rs", "pub mod e;"),
        (
            "d/e.rs",
            "pub struct E; use crate::p::P; use crate::inline::deep::I;",
        ),
        ("elsewhere/z.rs", "pub struct P;"),
        ("inline/deep.rs", "pub struct I;"),
    ]);
    let expected = [
        "a.rs -> a/sub.rs",
        "a/sub.rs -> d/e.rs",
        "d/e.rs -> elsewhere/z.rs",
        "d/e.rs -> inline/deep.rs",
    ];
    assert_eq!(edges(&graph), expected);
    assert_eq!(graph.cycles(), []);
}

#[test]
fn a_module_without_a_file_is_an_error() {
    let tree = tree(&[("lib.rs", "mod a;")]);
    let found = rust::imports(&tree.path().join("lib.rs"), tree.path());
    assert!(matches!(found, Err(StructureError::NoModuleFile { module, .. }) if module == "a"));
}

#[test]
fn re_exports_that_lead_to_one_another_end() {
    let graph = rust_imports(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub use crate::b::*;"),
        ("b.rs", "pub use crate::a::*;"),
        ("c.rs", "use crate::a::Nothing; pub use self::c::c;"),
    ]);
    assert_eq!(only_cycle(&graph).files, ["a.rs", "b.rs"]);
}

#[test]
fn a_file_that_reaches_up_is_named_with_what_it_reaches_for() {
    let graph = rust_imports(&[
        ("lib.rs", "mod top; mod ground;"),
        ("top.rs", "pub struct T;"),
        ("ground/mod.rs", "pub mod stone;"),
        ("ground/stone.rs", "use crate::top::T;"),
    ]);
    assert_eq!(graph.cycles(), []);
    let found = violations(
        &graph,
        "",
        &layers(&[&["lib.rs"], &["top.rs"], &["ground/"]]),
    );
    assert_eq!(
        found,
        ["ground/stone.rs (layer 2) reaches up to top.rs (layer 1): T"]
    );
    let turned = violations(
        &graph,
        "",
        &layers(&[&["lib.rs"], &["ground/"], &["top.rs"]]),
    );
    assert_eq!(turned, Vec::<String>::new());
}

#[test]
fn a_file_stands_where_the_longest_name_puts_it() {
    let mut graph = Graph::default();
    graph.add("src/fs/types.rs", "src/fs/calls.rs", "f");
    let found = violations(&graph, "src", &layers(&[&["fs/calls.rs"], &["fs/"]]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("reaches up"), "{found:?}");
}

#[test]
fn a_file_without_a_layer_and_a_layer_without_a_file_are_named() {
    let mut graph = Graph::default();
    graph.add("src/a.rs", "src/new.rs", "f");
    let found = violations(&graph, "src", &layers(&[&["a.rs", "old.rs"], &["gone/"]]));
    let named = |name: &str| found.iter().filter(|one| one.contains(name)).count();
    assert_eq!(
        (named("new.rs"), named("old.rs"), named("gone/")),
        (1, 1, 1),
        "{found:?}"
    );
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn two_c_files_that_use_each_other_are_a_cycle() {
    let graph = c_imports(&[
        (
            "locks.c",
            "#include \"threads.h\"\nint acquire(int *l) { return l ? wait_for(l) : 0; }\n",
        ),
        (
            "threads.c",
            "EXPORT(\"w\") int wait_for(int *lock)\n{\n    return acquire(lock);\n}\n",
        ),
        (
            "threads.h",
            "int wait_for(int *lock);\nint acquire(int *lock);\n",
        ),
    ]);
    let cycle = only_cycle(&graph);
    assert_eq!(cycle.files, ["locks.c", "threads.c"]);
}

#[test]
fn two_headers_that_include_each_other_are_a_cycle() {
    let graph = c_imports(&[
        ("a.h", "# include \"b.h\"\n#include <c.h>\n"),
        ("b.h", "#include \"a.h\"\n"),
        ("c.h", "#include \"a.h\"\n"),
    ]);
    assert_eq!(only_cycle(&graph).files, ["a.h", "b.h"]);
}

#[test]
fn variables_tables_and_macros_count_and_static_and_field_names_do_not() {
    let graph = c_imports(&[
        (
            "a.c",
            "int count = 1;\nstatic int own;\nvoid f(void) {}\nstruct own_type { int x; };\nint kept[4];\n",
        ),
        ("counts.c", "void g(void) { count++; }\n"),
        ("keeps.c", "int g2(void) { return kept[0]; }\n"),
        ("table.c", "static void (*table[])(void) = {f};\n"),
        (
            "macro.h",
            "#define CALL() INNER(f)\n#define INNER(x) x(kept)\n",
        ),
        ("calls.c", "void g3(void) { CALL(); }\n"),
        (
            "nothing.c",
            "/* f(); */ extern int count; static int own; void h(struct s *p) { p->f = own; p->q.f = \"f\"[0]; }\n",
        ),
        ("declares.h", "void f(void); struct own_type;\n"),
    ]);
    let expected = [
        "calls.c -> a.c",
        "counts.c -> a.c",
        "keeps.c -> a.c",
        "table.c -> a.c",
    ];
    assert_eq!(edges(&graph), expected);
}

#[test]
fn two_python_files_that_import_each_other_are_a_cycle_even_inside_a_function() {
    let graph = python_imports(&[
        ("_socket.py", "import os\nfrom _errors import error\n"),
        (
            "_errors.py",
            "def f():\n    if True: from _socket import g\n",
        ),
    ]);
    assert_eq!(only_cycle(&graph).files, ["_errors.py", "_socket.py"]);
}

#[test]
fn every_python_import_counts_and_text_does_not() {
    let ways = [
        "import b",
        "import os, b as other",
        "from b import (\n    x,\n    y)",
        "from b import *",
        "x = 1; import b",
        "from \\\n    b import x",
        "try: import b\nexcept ImportError: pass",
        "from p import c, d",
    ];
    let targets = [
        "b.py", "b.py", "b.py", "b.py", "b.py", "b.py", "b.py", "p/c.py",
    ];
    for (way, target) in ways.into_iter().zip(targets) {
        let files = [
            ("a.py", way),
            ("b.py", ""),
            ("p/__init__.py", "d = 1"),
            ("p/c.py", ""),
        ];
        let found = edges(&python_imports(&files));
        assert!(
            found.contains(&format!("a.py -> {target}")),
            "{way}: {found:?}"
        );
    }
    let text = "'''\nimport b\n'''\n# import b\nx = 'import b'\nimport_b = 1\ny = {'a': [1,\n import_b]}\n";
    assert_eq!(
        edges(&python_imports(&[("a.py", text), ("b.py", "")])),
        Vec::<String>::new()
    );
}

#[test]
fn python_packages_import_their_own_modules() {
    let absolute = "from __future__ import absolute_import\n";
    let graph = python_imports(&[
        ("p/__init__.py", "from .keys import load\n"),
        (
            "p/keys.py",
            &format!("{absolute}from p import write\nimport ssl\n"),
        ),
        (
            "p/old.py",
            "import ssl\nfrom . import keys\nfrom ..b import x\n",
        ),
        ("p/ssl.py", ""),
        ("p/q/r.py", "from ..keys import load\n"),
        ("b.py", ""),
        ("ssl.py", ""),
    ]);
    let expected = [
        "p/__init__.py -> p/keys.py",
        "p/keys.py -> p/__init__.py",
        "p/keys.py -> ssl.py",
        "p/old.py -> b.py",
        "p/old.py -> p/keys.py",
        "p/old.py -> p/ssl.py",
        "p/q/r.py -> p/keys.py",
    ];
    assert_eq!(edges(&graph), expected);
    assert_eq!(only_cycle(&graph).files, ["p/__init__.py", "p/keys.py"]);
}

#[test]
fn a_path_outside_of_the_base_keeps_its_name() {
    let tree = tree(&[("lib.rs", "")]);
    let graph =
        rust::imports(&tree.path().join("lib.rs"), Path::new("/elsewhere")).expect("it is Rust");
    assert!(graph.files().all(|file| file.ends_with("/lib.rs")));
}
