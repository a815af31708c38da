//! Runs that wait, served in turn: one run of each tenant after the other, so that a tenant with a hundred thousand of them delays
//! another's single one by no more than the runs that are under way.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use codehook_store::{Id, QueuedRun};

/// One tenant's runs.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<QueuedRun>,
    under_way: usize,
    in_turn: bool,
}

/// The runs of all tenants.
#[derive(Debug, Default)]
pub(crate) struct FairQueue {
    lanes: HashMap<Arc<str>, Lane>,
    turns: VecDeque<Arc<str>>,
    waiting: usize,
}

impl FairQueue {
    /// Adds a run at the end of its tenant's lane.
    pub(crate) fn push(&mut self, run: QueuedRun) {
        let tenant: Arc<str> = run.tenant.as_str().into();
        let lane = self.lanes.entry(Arc::clone(&tenant)).or_default();
        lane.waiting.push_back(run);
        self.waiting += 1;
        if !lane.in_turn {
            lane.in_turn = true;
            self.turns.push_back(tenant);
        }
    }

    /// The next run whose tenant has fewer than `limit(tenant)` under way; it counts as under way from now on.
    pub(crate) fn next(&mut self, limit: impl Fn(&str) -> usize) -> Option<QueuedRun> {
        // Every tenant has one turn at most: those at their limit leave the round until one of their runs has ended.
        while let Some(tenant) = self.turns.pop_front() {
            let lane = self.lanes.get_mut(&tenant)?;
            lane.in_turn = false;
            if lane.under_way >= limit(&tenant) {
                continue;
            }
            let Some(run) = lane.waiting.pop_front() else {
                continue;
            };
            lane.under_way += 1;
            self.waiting -= 1;
            if !lane.waiting.is_empty() {
                lane.in_turn = true;
                self.turns.push_back(tenant);
            }
            return Some(run);
        }
        None
    }

    /// A run of this tenant is not under way any more.
    pub(crate) fn ended(&mut self, tenant: &str) {
        let Some((name, lane)) = self
            .lanes
            .get_key_value(tenant)
            .map(|(name, _)| Arc::clone(name))
            .zip(self.lanes.get_mut(tenant))
        else {
            return;
        };
        lane.under_way = lane.under_way.saturating_sub(1);
        if lane.waiting.is_empty() {
            if lane.under_way == 0 {
                self.turns.retain(|turn| *turn != name);
                self.lanes.remove(tenant);
            }
        } else if !lane.in_turn {
            lane.in_turn = true;
            self.turns.push_back(name);
        }
    }

    /// Takes out a run that waits.
    pub(crate) fn remove(&mut self, tenant: &str, id: Id) {
        if let Some(lane) = self.lanes.get_mut(tenant) {
            let before = lane.waiting.len();
            lane.waiting.retain(|run| run.id != id);
            self.waiting -= before - lane.waiting.len();
        }
    }

    /// How many of this tenant's runs wait.
    pub(crate) fn waiting_of(&self, tenant: &str) -> usize {
        self.lanes.get(tenant).map_or(0, |lane| lane.waiting.len())
    }

    /// How many runs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use codehook_store::Millis;

    use super::*;

    fn run(tenant: &str) -> QueuedRun {
        QueuedRun {
            id: Id::new(),
            tenant: tenant.to_owned(),
            event: Id::new(),
            hook: Id::new(),
            version: 1,
            due_at: Millis(0),
        }
    }

    #[test]
    fn a_flood_delays_another_tenants_run_by_one_turn() {
        let mut queue = FairQueue::default();
        (0..100_000).for_each(|_| queue.push(run("flood")));
        queue.push(run("quiet"));
        let order: Vec<_> = (0..3)
            .map(|_| queue.next(|_| 1000).unwrap().tenant)
            .collect();
        assert_eq!(order, ["flood", "quiet", "flood"]);
    }

    #[test]
    fn a_tenant_at_its_limit_waits_for_the_end_of_one_of_its_runs() {
        let mut queue = FairQueue::default();
        (0..3).for_each(|_| queue.push(run("a")));
        assert!(queue.next(|_| 1).is_some());
        assert!(queue.next(|_| 1).is_none());
        queue.ended("a");
        assert!(queue.next(|_| 1).is_some());
        queue.ended("a");
        assert!(queue.next(|_| 1).is_some());
        assert!(queue.next(|_| 1).is_none());
        queue.ended("a");
        assert!(queue.next(|_| 1).is_none());
        assert_eq!((queue.waiting(), queue.lanes.len()), (0, 0));
    }

    #[test]
    fn runs_of_a_tenant_keep_their_order_and_a_removed_one_does_not_come() {
        let mut queue = FairQueue::default();
        let runs: Vec<_> = (0..3).map(|_| run("a")).collect();
        runs.iter().cloned().for_each(|run| queue.push(run));
        queue.remove("a", runs[1].id);
        assert_eq!(queue.waiting_of("a"), 2);
        let order: Vec<_> = (0..2).map(|_| queue.next(|_| 10).unwrap().id).collect();
        assert_eq!(order, [runs[0].id, runs[2].id]);
    }
}
