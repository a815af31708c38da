//! `codehook packages`: from a folder into a tenant's hooks.

use codehook_packages::Sha256;
use codehook_tests::wheels::wheel;

use codehook_tests::package_store::{PackageStore, rockets};
use codehook_tests::program::spawn;

#[test]
fn an_added_package_can_be_imported_by_the_default_tenant_and_no_other() {
    let store = PackageStore::new();
    store.offer(&rockets());
    let added = store.added("acme_rockets==1.2");
    assert!(
        added
            .stdout
            .contains("added acme_rockets 1.2 for tenant default"),
        "{added:?}"
    );
    assert!(added.stdout.contains("imports  rockets"), "{added:?}");
    let hook = "import pkgutil, rockets\nprint rockets.thrust(2), pkgutil.get_data('rockets', 'data/names.txt')\nprint rockets.__file__\nrockets.thrust(0)\n";
    let ran = store.hook(hook, &[]);
    let place = "/usr/local/lib/python2.7/dist-packages/rockets";
    assert_eq!(
        ran.stdout,
        format!("3 Vega\n{place}/__init__.pyc\n"),
        "{ran:?}"
    );
    assert!(
        ran.stderr
            .contains(&format!("File \"{place}/engine.py\", line 2, in thrust")),
        "{ran:?}"
    );
    let other = store.hook(hook, &["--tenant", "acme"]);
    other.says(1, "ImportError: No module named rockets\n");
    assert!(
        other.stderr.contains("codehook: rockets is in acme_rockets 1.2, which is there for tenant default and not for tenant acme: `codehook packages add acme_rockets==1.2 --tenant acme`"),
        "{other:?}"
    );
}

#[test]
fn tenants_are_added_and_taken_away() {
    let store = PackageStore::new();
    store.offer(&rockets());
    store.added("acme-rockets==1.2 --tenant red");
    // No file is needed for that any more.
    let widened = store.run("packages add acme-rockets==1.2 --tenant blue");
    assert_eq!(widened.code, Some(0), "{widened:?}");
    assert!(
        widened.stdout.contains("is there, for tenants blue, red"),
        "{widened:?}"
    );
    let works =
        |tenant: &str| store.hook("import rockets\n", &["--tenant", tenant]).code == Some(0);
    assert!(works("red") && works("blue") && !works("default"));
    let removed = store.run("packages remove Acme_Rockets --tenant red");
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(!works("red") && works("blue"));
    store.added("acme-rockets==1.2 --all-tenants");
    assert!(works("red") && works("anybody"));
    assert_eq!(store.run("packages remove acme-rockets").code, Some(0));
    assert!(!works("blue"));
    let again = store.run("packages remove acme-rockets");
    assert_eq!(again.code, Some(2), "{again:?}");
}

#[test]
fn the_list_says_what_each_package_is_and_where_it_is_from() {
    let store = PackageStore::new();
    store.offer(&rockets());
    let before = store.run("packages list --json").json();
    store.added("acme-rockets==1.2 --tenant red");
    let list = store.run("packages list --json").json();
    let packages = list["packages"].as_array().expect("a list");
    assert_eq!(
        packages.len(),
        before["packages"].as_array().expect("a list").len() + 1
    );
    let find = |name: &str| packages.iter().find(|package| package["name"] == name);
    let requests = find("requests").expect("it is built in");
    assert_eq!(requests["origin"], "built_in");
    assert_eq!(requests["kind"], "pure");
    assert_eq!(requests["tenants"], "all");
    assert!(
        requests["licence"]
            .as_str()
            .is_some_and(|licence| !licence.is_empty())
    );
    let ours = find("acme-rockets").expect("it was added");
    assert_eq!(ours["origin"], "operator");
    assert_eq!(ours["version"], "1.2");
    assert_eq!(ours["licence"], "MIT");
    assert_eq!(ours["tenants"], serde_json::json!(["red"]));
    assert_eq!(ours["sha256"], Sha256::of(&rockets().bytes).to_string());
    let text = store.run("packages list --tenant red");
    assert!(
        text.stdout.contains("added for tenant red, from "),
        "{text:?}"
    );
    let others = store.run("packages list --tenant blue");
    assert!(!others.stdout.contains("acme-rockets"), "{others:?}");
    assert!(others.stdout.contains("built in"), "{others:?}");
}

#[test]
fn modules_for_python_3_only_are_left_out_and_named() {
    let store = PackageStore::new();
    store.offer(&wheel(
        "both",
        "1.0",
        "",
        &[
            ("both/__init__.py", "x = 1"),
            ("both/aio.py", "async def f(): pass"),
        ],
    ));
    let added = store.added("both==1.0");
    assert!(
        added
            .stdout
            .contains("left out, as they are no Python 2.7: 1 files\n  both/aio.py: SyntaxError"),
        "{added:?}"
    );
    let ran = store.hook("import both\nprint both.x\nimport both.aio\n", &[]);
    assert_eq!(ran.stdout, "1\n");
    assert!(ran.stderr.contains("No module named aio"), "{ran:?}");
}

#[test]
fn what_a_package_needs_is_named_with_the_command_that_adds_it() {
    let store = PackageStore::new();
    let needs = "Requires-Dist: six>=1.0\nRequires-Dist: fuel (>=1.0,<3)\nRequires-Dist: pywin32; sys_platform == 'win32'\nRequires-Dist: nose; extra == 'test'";
    store.offer(&wheel("ship", "1.0", needs, &[("ship.py", "import fuel")]));
    for version in ["1.5", "2.5", "3.0"] {
        store.offer(&wheel("fuel", version, "", &[("fuel.py", "")]));
    }
    let added = store.added("ship==1.0 --tenant red");
    let command = "codehook packages add fuel==2.5 --from wheels --tenant red";
    assert!(added.stdout.contains(command), "{added:?}");
    assert!(
        added
            .stdout
            .contains("ship needs fuel>=1.0,<3 and is not there"),
        "{added:?}"
    );
    for not_needed in ["six", "pywin32", "nose"] {
        assert!(!added.stdout.contains(not_needed), "{added:?}");
    }
    store.added("fuel==2.5 --tenant red");
    let again = store.added("ship==1.0 --tenant red");
    assert!(!again.stdout.contains("needs"), "{again:?}");
}

#[test]
fn another_version_takes_its_place_only_when_asked() {
    let store = PackageStore::new();
    for version in ["1.0", "2.0"] {
        let module = format!("version = '{version}'");
        store.offer(&wheel("fuel", version, "", &[("fuel.py", &module)]));
    }
    store.added("fuel==1.0 --tenant red");
    let refused = store.add("fuel==2.0");
    refused.says(2, "fuel 1.0 is added already");
    let replaced = store.added("fuel==2.0 --replace --tenant blue");
    assert!(
        replaced
            .stdout
            .contains("fuel 2.0 took the place of 1.0, for tenants blue, red"),
        "{replaced:?}"
    );
    let hook = "import fuel\nprint fuel.version\n";
    assert_eq!(store.hook(hook, &["--tenant", "red"]).stdout, "2.0\n");
}

#[test]
fn packages_that_share_a_name_work_together() {
    let store = PackageStore::new();
    for part in ["wings", "wheels"] {
        let name = format!("plane-{part}");
        let shared = format!("plane_{part}-1.0.dist-info/namespace_packages.txt");
        let module = format!("plane/{part}.py");
        let init = "__import__('pkg_resources').declare_namespace(__name__)";
        store.offer(&wheel(
            &name,
            "1.0",
            "",
            &[
                (&shared, "plane\n"),
                ("plane/__init__.py", init),
                (&module, "n = 2"),
            ],
        ));
        store.added(&format!("{name}==1.0"));
    }
    let ran = store.hook(
        "import plane.wings, plane.wheels\nprint plane.wings.n + plane.wheels.n\n",
        &[],
    );
    assert_eq!(ran.stdout, "4\n", "{ran:?}");
}

#[test]
fn packages_added_at_the_same_time_are_all_there() {
    let store = PackageStore::new();
    let names = ["a1", "b2", "c3", "d4"];
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let module = format!("{name}.py");
            store.offer(&wheel(name, "1.0", "", &[(&module, "")]));
            let wanted = format!("{name}==1.0");
            let words = ["packages", "add", &wanted, "--from", "wheels"];
            spawn(&mut store.in_store(store.program.command(&words)))
        })
        .collect();
    for child in running {
        let ended = child.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{ended:?}");
    }
    let ran = store.hook("import a1, b2, c3, d4\nprint 'all'\n", &[]);
    assert_eq!(ran.stdout, "all\n", "{ran:?}");
}

#[test]
fn a_check_names_imports_that_will_fail_as_a_run_would() {
    let store = PackageStore::new();
    store.offer(&rockets());
    store.added("acme-rockets==1.2 --tenant red");
    let hook = store.program.file(
        "hook.py",
        "import json, rockets\nimport numpy\nfrom netaddr import IPAddress\ntry:\n    import simplejson as j, zmq\nexcept ImportError:\n    import json as j\nimport acme_boosters\nfrom os import nothing\n",
    );
    let report = store.run(&format!("check {hook} --json")).json();
    assert_eq!(report["status"], "compiles");
    let warnings: Vec<(u64, String)> = report["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|warning| warning["kind"] == "missing_module")
        .map(|warning| {
            let line = warning["line"].as_u64().expect("a line");
            (line, warning["message"].as_str().expect("text").to_owned())
        })
        .collect();
    let lines: Vec<u64> = warnings.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 8, 9], "{warnings:?}");
    for ((_, message), part) in warnings.iter().zip([
        "rockets is in acme-rockets 1.2, which is there for tenant red",
        "the package numpy is machine code",
        "codehook packages add netaddr==VERSION",
        "acme_boosters is neither in the interpreter nor in a package of tenant default",
        "cannot import name nothing from os",
    ]) {
        assert!(message.contains(part), "{message}");
    }
    let tenant = store.run(&format!("check {hook} --tenant red"));
    assert!(!tenant.stdout.contains(":1:1: warning"), "{tenant:?}");
}

#[test]
fn a_run_that_died_of_an_unknown_module_says_where_to_look() {
    let store = PackageStore::new();
    let ran = store.hook("import acme_boosters\n", &[]);
    assert!(
        ran.stderr
            .contains("ImportError: No module named acme_boosters\n"),
        "{ran:?}"
    );
    assert!(
        ran.stderr
            .contains("codehook: acme_boosters is neither in the interpreter"),
        "{ran:?}"
    );
    let caught = store.hook(
        "try:\n    import acme_boosters\nexcept ImportError:\n    print 'without'\n",
        &[],
    );
    assert_eq!(caught.stdout, "without\n");
    assert!(!caught.stderr.contains("neither"), "{caught:?}");
}
