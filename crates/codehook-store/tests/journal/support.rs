//! A store in a directory of its own, with a clock that the test advances.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use codehook_api_types::{Outcome, Quotas};
use codehook_store::{
    Accepted, AttemptEnd, Clock, Id, MasterKey, Millis, NewEvent, NewRun, Store, Tenant,
};
use tempfile::TempDir;

pub(crate) struct Data {
    pub(crate) directory: TempDir,
    pub(crate) key: MasterKey,
    pub(crate) clock: TestClock,
}

/// A clock that stands still until it is advanced.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_700_000_000_000)))
    }

    pub(crate) fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Data {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            key: MasterKey::generate().unwrap(),
            clock: TestClock::new(),
        }
    }

    pub(crate) fn open(&self) -> Store {
        let clock = self.clock.clone();
        let clock = Clock::new(move || clock.now());
        Store::open_with_clock(self.directory.path(), &self.key, clock).unwrap()
    }

    pub(crate) async fn with_tenants(&self) -> Store {
        let store = self.open();
        for id in ["acme", "other"] {
            let tenant = Tenant {
                id: id.to_owned(),
                created_at: self.clock.now(),
                quotas: Quotas::default(),
            };
            store.create_tenant(tenant).await.unwrap();
        }
        store
    }
}

pub(crate) fn event(delivery: Option<&str>) -> NewEvent {
    NewEvent {
        tenant: "acme".to_owned(),
        source: None,
        delivery: delivery.map(ToOwned::to_owned),
        body: "{}".to_owned(),
    }
}

pub(crate) fn one_run() -> Vec<NewRun> {
    vec![NewRun {
        hook: Id::new(),
        version: 1,
    }]
}

pub(crate) async fn accept(store: &Store) -> (Id, Id) {
    match store.accept(event(None), one_run()).await.unwrap() {
        Accepted::New { event, runs } => (event, runs[0]),
        Accepted::Duplicate { .. } => panic!("it is new"),
    }
}

pub(crate) fn end(outcome: Outcome) -> AttemptEnd {
    AttemptEnd {
        cpu_ms: 5,
        outcome: outcome.into(),
        report: "{}".to_owned(),
    }
}
