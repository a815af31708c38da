use std::collections::BTreeSet;

use super::*;
use crate::archive::Files;
use crate::pack;

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::new(directory.path().join("packages"));
    (directory, store)
}

fn tenant(name: &str) -> Tenant {
    name.parse().expect("a tenant")
}

fn put(store: &Store, name: &str, tenants: Tenants) -> Result<(), StoreError> {
    let files = Files::from([(format!("{name}.py"), name.as_bytes().to_vec())]);
    let archive = pack::tar(&files).expect("memory");
    let package = LockedPackage {
        name: name.to_owned(),
        version: "1.0".to_owned(),
        licence: "MIT".to_owned(),
        tenants,
        file: String::new(),
        sha256: Sha256::of(b""),
        from: String::new(),
        archive: format!("{name}.tar"),
        archive_sha256: Sha256::of(&archive),
        modules: BTreeSet::from([name.to_owned()]),
        requires: Vec::new(),
        left_out: Vec::new(),
    };
    let change = store.change()?;
    change.write_archive(&package.archive, &archive)?;
    let mut file = change.lock_file.clone();
    file.packages.insert(name.to_owned(), package);
    change.commit(file)
}

fn names(store: &Store) -> Vec<String> {
    let packages = store.list().expect("a lock file");
    packages.into_iter().map(|package| package.name).collect()
}

#[test]
fn a_store_that_was_never_made_is_empty_and_stays_so() {
    let (_kept, store) = store();
    assert!(names(&store).is_empty());
    let packages = store.load().expect("nothing");
    assert!(
        packages
            .library(&Tenant::default())
            .expect("nothing")
            .is_none()
    );
    assert!(store.remove(&"a".parse().expect("a name"), &[]).is_err());
    assert!(!store.directory().exists());
}

#[test]
fn each_tenant_sees_its_packages_and_those_of_all() {
    let (_kept, store) = store();
    put(&store, "everyones", Tenants::All).expect("a store");
    put(&store, "red", Tenants::only(tenant("red"))).expect("a store");
    put(&store, "blue", Tenants::only(tenant("blue"))).expect("a store");
    let packages = store.load().expect("a store");
    let sees = |name: &str| {
        let library = packages.library(&tenant(name)).expect("archives");
        let library = library.expect("some packages");
        let names = library.names_in(PACKAGES_DIRECTORY);
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sees("red"), ["everyones.py", "red.py"]);
    assert_eq!(sees("blue"), ["blue.py", "everyones.py"]);
    assert_eq!(sees("other"), ["everyones.py"]);
}

#[test]
fn a_crash_half_way_leaves_the_old_state() {
    let (_kept, store) = store();
    put(&store, "a", Tenants::All).expect("a store");
    let before = fs::read(store.directory().join(LOCK_FILE)).expect("a lock file");
    {
        // The archive is there, the lock file is being written: then the process dies.
        let change = store.change().expect("a turn");
        change.write_archive("b.tar", b"half").expect("a store");
        fs::write(store.directory().join(".unfinished-x"), "format = ").expect("a file");
    }
    assert_eq!(
        fs::read(store.directory().join(LOCK_FILE)).expect("a lock file"),
        before
    );
    assert_eq!(names(&store), ["a"]);
    assert!(store.load().is_ok());
    put(&store, "c", Tenants::All).expect("a store");
    assert!(!store.directory().join(".unfinished-x").exists());
    assert!(!store.directory().join("archives/b.tar").exists());
    assert_eq!(names(&store), ["a", "c"]);
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let (_kept, store) = store();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let store = &store;
            scope.spawn(move || put(store, &format!("p{number}"), Tenants::All).expect("a store"));
        }
        for _ in 0..20 {
            store.load().expect("every archive that is named is there");
        }
    });
    assert_eq!(names(&store).len(), 8);
}

#[test]
fn a_changed_archive_is_not_used() {
    let (_kept, store) = store();
    put(&store, "good", Tenants::only(tenant("red"))).expect("a store");
    put(&store, "bad", Tenants::only(tenant("blue"))).expect("a store");
    fs::write(store.directory().join("archives/bad.tar"), "else").expect("a file");
    let refused = store.load_for(&tenant("blue")).err().expect("a refusal");
    assert!(refused.to_string().contains("was changed"), "{refused}");
    assert!(store.load_for(&tenant("red")).is_ok());
    let problems: Vec<bool> = store
        .verify()
        .expect("a lock file")
        .iter()
        .map(|(_, problem)| problem.is_some())
        .collect();
    assert_eq!(problems, [true, false]);
}

#[test]
fn a_package_goes_from_one_tenant_or_from_all() {
    let (_kept, store) = store();
    let both = Tenants::only(tenant("red")).and(&Tenants::only(tenant("blue")));
    put(&store, "a", both).expect("a store");
    let name = "A".parse().expect("a name");
    assert!(store.remove(&name, &[tenant("green")]).is_err());
    let removed = store.remove(&name, &[tenant("red")]).expect("a store");
    assert_eq!(removed.left, Some(Tenants::only(tenant("blue"))));
    let removed = store.remove(&name, &[tenant("blue")]).expect("a store");
    assert_eq!(removed.left, None);
    assert!(names(&store).is_empty());
    assert!(!store.directory().join("archives/a.tar").exists());
}
