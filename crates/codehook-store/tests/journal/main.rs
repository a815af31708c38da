//! The guarantees of the journal: no acknowledged write is lost, none is done twice, and tenants are isolated.

mod support;

use std::fs;
use std::time::Duration;

use codehook_api_types::{AttemptOutcome, Outcome, RunState, Scope};
use codehook_store::{
    Accepted, HookChange, IdempotencyKey, KeyHolder, MasterKey, NewKey, Next, RunFilter, Store,
    StoreError, Usage, backup, rotate,
};
use support::{Data, accept, end, event, one_run};

#[tokio::test]
async fn one_delivery_is_one_event_however_often_and_at_once_it_comes() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let deliveries = (0..64).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.accept(event(Some("d1")), one_run()).await.unwrap() })
    });
    let mut events = std::collections::BTreeSet::new();
    let mut new = 0;
    for delivery in deliveries.collect::<Vec<_>>() {
        match delivery.await.unwrap() {
            Accepted::New { event, .. } => {
                new += 1;
                events.insert(event);
            }
            Accepted::Duplicate { event } => {
                events.insert(event);
            }
        }
    }
    assert_eq!((new, events.len()), (1, 1));
    assert_eq!(store.queued_runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_store_was_dropped_without_a_word() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (event, run) = accept(&store).await;
    assert_eq!(store.begin_attempt(run).await.unwrap(), 1);
    // As after a kill: the files as they are, with nothing closed.
    let killed = Data {
        directory: tempfile::tempdir().unwrap(),
        key: data.key.clone(),
        clock: data.clock.clone(),
    };
    for file in fs::read_dir(data.directory.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), killed.directory.path().join(file.file_name())).unwrap();
    }
    let store = killed.open();
    assert_eq!(store.event("acme", event).await.unwrap().body, "{}");
    assert_eq!(store.recover().await.unwrap().interrupted, 1);
    assert_eq!(store.queued_runs().await.unwrap()[0].id, run);
    let attempts = store.attempts(run).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, Some(AttemptOutcome::Interrupted));
    assert_eq!(store.begin_attempt(run).await.unwrap(), 2);
}

#[tokio::test]
async fn a_run_goes_from_attempt_to_attempt_to_its_end() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (_, run) = accept(&store).await;
    store.begin_attempt(run).await.unwrap();
    assert!(matches!(
        store.begin_attempt(run).await,
        Err(StoreError::State(_))
    ));
    let later = data.clock.now().after(Duration::from_secs(60));
    store
        .end_attempt(run, 1, end(Outcome::TimedOut), Next::Retry(later))
        .await
        .unwrap();
    let waiting = store.run("acme", run).await.unwrap();
    assert_eq!((waiting.state, waiting.due_at), (RunState::Queued, later));
    store.begin_attempt(run).await.unwrap();
    store
        .end_attempt(
            run,
            2,
            end(Outcome::Failed),
            Next::End(RunState::DeadLetter),
        )
        .await
        .unwrap();
    assert!(matches!(
        store
            .end_attempt(run, 2, end(Outcome::Failed), Next::End(RunState::Failed))
            .await,
        Err(StoreError::State(_))
    ));
    let dead = store.run("acme", run).await.unwrap();
    assert_eq!((dead.state, dead.attempts), (RunState::DeadLetter, 2));
    let again = store.replay("acme", run, 3).await.unwrap();
    let again = store.run("acme", again.id).await.unwrap();
    assert_eq!((again.version, again.replay_of), (3, Some(run)));
}

#[tokio::test]
async fn a_waiting_run_can_be_cancelled_and_an_ended_one_not() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (_, run) = accept(&store).await;
    assert!(store.cancel("acme", run).await.unwrap());
    assert!(matches!(
        store.cancel("acme", run).await,
        Err(StoreError::State(_))
    ));
    assert!(matches!(
        store.begin_attempt(run).await,
        Err(StoreError::State(_))
    ));
}

#[tokio::test]
async fn nothing_is_found_under_another_tenants_name() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (event, run) = accept(&store).await;
    store.set_secret("acme", "TOKEN", "s3cret").await.unwrap();
    store
        .create_hook("acme", "h", "{}".to_owned())
        .await
        .unwrap();
    let not_found = |error: StoreError| assert!(matches!(error, StoreError::NotFound { .. }));
    not_found(store.event("other", event).await.unwrap_err());
    not_found(store.run("other", run).await.unwrap_err());
    not_found(store.cancel("other", run).await.unwrap_err());
    not_found(store.replay("other", run, 1).await.unwrap_err());
    not_found(store.hook("other", "h").await.unwrap_err());
    not_found(store.delete_secret("other", "TOKEN").await.unwrap_err());
    let names = ["TOKEN".to_owned()];
    assert!(store.secrets("other", &names).await.unwrap().is_empty());
    assert_eq!(*store.secrets("acme", &names).await.unwrap()[0].1, "s3cret");
    let runs = store
        .runs("other", RunFilter::default(), None, 10)
        .await
        .unwrap();
    assert!(runs.items.is_empty());
}

#[tokio::test]
async fn a_published_version_never_changes_and_an_old_edit_is_refused() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let hook = store
        .create_hook("acme", "h", "\"one\"".to_owned())
        .await
        .unwrap();
    let change = |revision, change| store.change_hook("acme", "h", revision, change);
    let published = change(Some(1), HookChange::Publish).await.unwrap();
    assert_eq!(published.published, Some(1));
    let stale = change(Some(1), HookChange::Draft("\"two\"".to_owned())).await;
    assert!(matches!(stale, Err(StoreError::Changed)));
    change(Some(2), HookChange::Draft("\"two\"".to_owned()))
        .await
        .unwrap();
    change(None, HookChange::Publish).await.unwrap();
    let back = change(None, HookChange::RollBack(1)).await.unwrap();
    assert_eq!((back.published, back.draft.as_str()), (Some(1), "\"one\""));
    let versions = store.hook_versions(hook.id).await.unwrap();
    let texts: Vec<_> = versions
        .iter()
        .map(|version| version.definition.as_str())
        .collect();
    assert_eq!(texts, ["\"two\"", "\"one\""]);
}

#[tokio::test]
async fn a_key_opens_until_it_expires_and_only_as_it_was_given() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let new = |expires_at| NewKey {
        holder: KeyHolder::Tenant("acme".to_owned()),
        name: "ci".to_owned(),
        scopes: vec![Scope::Ingest],
        expires_at,
    };
    let (key, text) = store.create_key(new(None)).await.unwrap();
    assert_eq!(store.find_key(&text).await.unwrap(), Some(key.clone()));
    let mut wrong = text.to_string();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    for text in [wrong.as_str(), "", "chk_", "chk_x_y", &text[..40]] {
        assert_eq!(store.find_key(text).await.unwrap(), None);
    }
    let expires_at = data.clock.now().after(Duration::from_secs(60));
    let (old, old_text) = store.create_key(new(Some(expires_at))).await.unwrap();
    data.clock.advance(Duration::from_millis(59_999));
    assert_eq!(store.find_key(&old_text).await.unwrap(), Some(old));
    data.clock.advance(Duration::from_millis(1));
    assert_eq!(store.find_key(&old_text).await.unwrap(), None);
    store.delete_key(key.holder, key.id).await.unwrap();
    assert_eq!(store.find_key(&text).await.unwrap(), None);
    let file = std::fs::read(store.path()).unwrap();
    assert!(
        !file
            .windows(20)
            .any(|window| text.as_bytes()[31..].starts_with(window))
    );
}

#[tokio::test]
async fn secrets_are_not_in_the_file_and_need_their_master_key() {
    let data = Data::new();
    let store = data.with_tenants().await;
    store
        .set_secret("acme", "TOKEN", "a-very-secret-value")
        .await
        .unwrap();
    store.close();
    for entry in std::fs::read_dir(data.directory.path()).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !content
                .windows(19)
                .any(|window| window == b"a-very-secret-value")
        );
    }
    let other = Store::open(data.directory.path(), &MasterKey::generate().unwrap()).unwrap();
    let opened = other.secrets("acme", &["TOKEN".to_owned()]).await;
    assert!(matches!(opened, Err(StoreError::Sealed)));
}

#[tokio::test]
async fn a_backup_of_a_live_database_is_whole() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (event, _) = accept(&store).await;
    let copy = data.directory.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let file = copy.join("codehook.sqlite");
    backup(data.directory.path(), &file).unwrap();
    assert!(matches!(
        backup(data.directory.path(), &file),
        Err(StoreError::Exists { .. })
    ));
    let restored = Store::open(&copy, &data.key).unwrap();
    assert!(restored.event("acme", event).await.is_ok());
}

#[tokio::test]
async fn a_delivery_is_a_repeated_one_until_it_is_too_old() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let deliver = || store.accept(event(Some("d1")), one_run());
    let Accepted::New { event: first, .. } = deliver().await.unwrap() else {
        panic!("it is new");
    };
    data.clock.advance(Duration::from_millis(5));
    store
        .prune_older_than(Duration::from_secs(60))
        .await
        .unwrap();
    assert!(matches!(deliver().await.unwrap(), Accepted::Duplicate { event } if event == first));
    // It is counted though its event, whose run has not ended, stays: whoever asks until nothing is left asks again.
    assert_eq!(store.prune_older_than(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.prune_older_than(Duration::ZERO).await.unwrap(), 0);
    assert!(matches!(deliver().await.unwrap(), Accepted::New { event, .. } if event != first));
}

#[tokio::test]
async fn old_events_are_pruned_with_their_runs_and_open_ones_are_not() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let (ended, run) = accept(&store).await;
    let (open, _) = accept(&store).await;
    store.cancel("acme", run).await.unwrap();
    data.clock.advance(Duration::from_millis(5));
    assert_eq!(
        store
            .prune_older_than(Duration::from_secs(60))
            .await
            .unwrap(),
        0
    );
    assert_eq!(store.prune_older_than(Duration::ZERO).await.unwrap(), 1);
    assert!(store.event("acme", ended).await.is_err());
    assert!(store.run("acme", run).await.is_err());
    assert!(store.event("acme", open).await.is_ok());
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_gaps() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let mut made = Vec::new();
    for _ in 0..25 {
        made.push(accept(&store).await.0);
    }
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.events("acme", cursor, 10).await.unwrap();
        seen.extend(page.items.iter().map(|event| event.id));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, made);
}

#[test]
fn data_of_a_newer_version_is_refused() {
    let data = Data::new();
    drop(data.open());
    let database = data.directory.path().join("codehook.sqlite");
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let opened = Store::open(data.directory.path(), &data.key);
    assert!(matches!(opened, Err(StoreError::Newer)));
}

#[tokio::test]
async fn what_a_tenant_uses_is_counted_and_given_back() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let mut runs = Vec::new();
    for _ in 0..4 {
        let (event, run) = accept(&store).await;
        let number = store.begin_attempt(run).await.unwrap();
        let next = Next::End(RunState::Succeeded);
        store
            .end_attempt(run, number, end(Outcome::Succeeded), next)
            .await
            .unwrap();
        runs.push((event, run));
    }
    let (open, _) = accept(&store).await;
    let used = |store: &Store| {
        let store = store.clone();
        async move { store.usage().await.unwrap() }
    };
    // Two bytes of each event and two of each report.
    let acme = |held_bytes, cpu_ms_today| {
        let usage = Usage {
            held_bytes,
            cpu_ms_today,
        };
        vec![("acme".to_owned(), usage)]
    };
    assert_eq!(used(&store).await, acme(18, 20));
    // The oldest go, until no more than so much is left; another tenant's limit takes nothing of it.
    assert_eq!(store.prune_to_size(Some("other"), 0).await.unwrap(), 0);
    assert_eq!(store.prune_to_size(Some("acme"), 11).await.unwrap(), 2);
    assert_eq!(used(&store).await, acme(10, 20));
    for (place, (event, run)) in runs.iter().enumerate() {
        let there = store.event("acme", *event).await.is_ok();
        assert_eq!(there, place >= 2, "{place}");
        assert_eq!(store.attempts(*run).await.unwrap().is_empty(), place < 2);
    }
    // What waits is kept, whatever the limit.
    assert_eq!(store.prune_to_size(None, 0).await.unwrap(), 2);
    assert_eq!(used(&store).await, acme(2, 20));
    assert!(store.event("acme", open).await.is_ok());
    drop(store);
    assert_eq!(used(&data.open()).await, acme(2, 20));
}

#[tokio::test]
async fn two_processes_do_not_use_one_directory() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let again = Store::open(data.directory.path(), &data.key);
    assert!(matches!(again, Err(StoreError::InUse)));
    let new = MasterKey::generate().unwrap();
    let rotated = rotate(data.directory.path(), &data.key, &new);
    assert!(matches!(rotated, Err(StoreError::InUse)));
    store.close();
    data.open();
}

#[tokio::test]
async fn another_master_key_takes_the_place_of_the_old_one_as_a_whole() {
    let data = Data::new();
    let store = data.with_tenants().await;
    for (tenant, name) in [("acme", "A"), ("acme", "B"), ("other", "A")] {
        store.set_secret(tenant, name, "value").await.unwrap();
    }
    store.close();
    let (new, wrong) = (
        MasterKey::generate().unwrap(),
        MasterKey::generate().unwrap(),
    );
    let path = data.directory.path();
    assert!(matches!(
        rotate(path, &wrong, &new),
        Err(StoreError::Sealed)
    ));
    assert_eq!(rotate(path, &data.key, &new).unwrap(), 3);
    assert!(matches!(
        rotate(path, &data.key, &new),
        Err(StoreError::Sealed)
    ));
    let store = Store::open(path, &new).unwrap();
    let names = ["A".to_owned(), "B".to_owned()];
    let values = store.secrets("acme", &names).await.unwrap();
    assert!(values.iter().all(|(_, value)| value.as_str() == "value"));
    assert_eq!(values.len(), 2);
}

#[tokio::test]
async fn a_response_is_kept_for_its_holder_and_its_request() {
    let data = Data::new();
    let store = data.with_tenants().await;
    let begin = |holder, request| store.begin_request(holder, "key", [request; 32]);
    assert_eq!(begin("a", 1).await.unwrap(), IdempotencyKey::New);
    assert_eq!(begin("a", 1).await.unwrap(), IdempotencyKey::InProgress);
    assert_eq!(begin("b", 1).await.unwrap(), IdempotencyKey::New);
    store.end_request("a", "key", Some("made")).await.unwrap();
    assert_eq!(
        begin("a", 1).await.unwrap(),
        IdempotencyKey::Completed("made".to_owned().into())
    );
    assert_eq!(begin("a", 2).await.unwrap(), IdempotencyKey::OtherRequest);
    // One without a response may be sent again, also when a crash has ended it.
    store.end_request("b", "key", None).await.unwrap();
    assert_eq!(begin("b", 3).await.unwrap(), IdempotencyKey::New);
    store.recover().await.unwrap();
    assert_eq!(begin("b", 4).await.unwrap(), IdempotencyKey::New);
    assert_eq!(
        begin("a", 1).await.unwrap(),
        IdempotencyKey::Completed("made".to_owned().into())
    );
}
