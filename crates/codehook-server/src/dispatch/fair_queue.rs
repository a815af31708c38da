//! Runs that wait, served in turn: one run of each tenant after the other, so that a tenant with a hundred thousand
//! of them delays another's single one by no more than the runs that are under way. Within a tenant the same holds
//! for its hooks.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use codehook_store::{Id, QueuedRun};

/// One hook's runs.
#[derive(Debug, Default)]
struct HookLane {
    waiting: VecDeque<QueuedRun>,
    active: usize,
}

/// One tenant's runs.
#[derive(Debug, Default)]
struct Lane {
    hooks: HashMap<Id, HookLane>,
    /// The hooks with runs that wait.
    turns: VecDeque<Id>,
    waiting: usize,
    active: usize,
    in_turn: bool,
}

/// How many runs may be under way at the same time.
pub(crate) trait Limits {
    /// Of this tenant.
    fn of_tenant(&self, tenant: &str) -> usize;
    /// Of this hook of the tenant.
    fn of_hook(&self, tenant: &str, hook: Id) -> usize;
}

/// The runs of all tenants.
#[derive(Debug, Default)]
pub(crate) struct FairQueue {
    lanes: HashMap<Arc<str>, Lane>,
    turns: VecDeque<Arc<str>>,
    waiting: usize,
}

impl Lane {
    fn push(&mut self, run: QueuedRun) {
        let hook = self.hooks.entry(run.hook).or_default();
        if hook.waiting.is_empty() {
            self.turns.push_back(run.hook);
        }
        hook.waiting.push_back(run);
        self.waiting += 1;
    }

    /// The next run of a hook that has fewer than `limit(hook)` under way.
    fn next(&mut self, limit: impl Fn(Id) -> usize) -> Option<QueuedRun> {
        for _ in 0..self.turns.len() {
            let id = self.turns.pop_front()?;
            let hook = self.hooks.get_mut(&id)?;
            let run = match hook.active < limit(id) {
                true => hook.waiting.pop_front(),
                false => None,
            };
            hook.active += usize::from(run.is_some());
            if !hook.waiting.is_empty() {
                self.turns.push_back(id);
            }
            if run.is_some() {
                self.waiting -= 1;
                self.active += 1;
                return run;
            }
        }
        None
    }

    fn ended(&mut self, hook: Id) {
        self.active = self.active.saturating_sub(1);
        if let Some(lane) = self.hooks.get_mut(&hook) {
            lane.active = lane.active.saturating_sub(1);
            if lane.active == 0 && lane.waiting.is_empty() {
                self.hooks.remove(&hook);
            }
        }
    }

    fn remove(&mut self, id: Id) -> usize {
        let before = self.waiting;
        for hook in self.hooks.values_mut() {
            let there = hook.waiting.len();
            hook.waiting.retain(|run| run.id != id);
            self.waiting -= there - hook.waiting.len();
        }
        let hooks = &self.hooks;
        self.turns
            .retain(|hook| hooks.get(hook).is_some_and(|hook| !hook.waiting.is_empty()));
        before - self.waiting
    }
}

impl FairQueue {
    /// Adds a run at the end of its hook's lane.
    pub(crate) fn push(&mut self, run: QueuedRun) {
        let tenant: Arc<str> = run.tenant.as_str().into();
        let lane = self.lanes.entry(Arc::clone(&tenant)).or_default();
        lane.push(run);
        self.waiting += 1;
        if !lane.in_turn {
            lane.in_turn = true;
            self.turns.push_back(tenant);
        }
    }

    /// The next run whose tenant and hook are below their limits; it counts as under way from now on.
    pub(crate) fn next(&mut self, limits: &impl Limits) -> Option<QueuedRun> {
        // Every tenant has one turn at most: those at a limit leave the round until one of their runs has ended.
        while let Some(tenant) = self.turns.pop_front() {
            let lane = self.lanes.get_mut(&tenant)?;
            lane.in_turn = false;
            if lane.active >= limits.of_tenant(&tenant) {
                continue;
            }
            let Some(run) = lane.next(|hook| limits.of_hook(&tenant, hook)) else {
                continue;
            };
            self.waiting -= 1;
            if lane.waiting > 0 {
                lane.in_turn = true;
                self.turns.push_back(tenant);
            }
            return Some(run);
        }
        None
    }

    /// A run of this tenant's hook is not under way any more.
    pub(crate) fn ended(&mut self, tenant: &str, hook: Id) {
        let Some(lane) = self.lanes.get_mut(tenant) else {
            return;
        };
        lane.ended(hook);
        if lane.waiting > 0 {
            self.wake(tenant);
        } else if lane.active == 0 {
            self.turns.retain(|turn| **turn != *tenant);
            self.lanes.remove(tenant);
        }
    }

    /// Gives a tenant its turn again, whose limit has changed.
    fn wake(&mut self, tenant: &str) {
        if let Some((name, lane)) = self
            .lanes
            .get_key_value(tenant)
            .map(|(name, _)| Arc::clone(name))
            .zip(self.lanes.get_mut(tenant))
            && !lane.in_turn
            && lane.waiting > 0
        {
            lane.in_turn = true;
            self.turns.push_back(name);
        }
    }

    /// Gives every tenant its turn again, since limits may have changed.
    pub(crate) fn wake_all(&mut self) {
        let tenants: Vec<_> = self.lanes.keys().cloned().collect();
        tenants.iter().for_each(|tenant| self.wake(tenant));
    }

    /// Takes out a run that waits.
    pub(crate) fn remove(&mut self, tenant: &str, id: Id) {
        if let Some(lane) = self.lanes.get_mut(tenant) {
            self.waiting -= lane.remove(id);
        }
    }

    /// How many of this tenant's runs wait.
    pub(crate) fn waiting_for(&self, tenant: &str) -> usize {
        self.lanes.get(tenant).map_or(0, |lane| lane.waiting)
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

    /// So many runs of each tenant, and so many of each hook.
    struct AtMost(usize, usize);

    impl Limits for AtMost {
        fn of_tenant(&self, _: &str) -> usize {
            self.0
        }

        fn of_hook(&self, _: &str, _: Id) -> usize {
            self.1
        }
    }

    const MANY: AtMost = AtMost(1000, 1000);

    fn run(tenant: &str, hook: Id) -> QueuedRun {
        QueuedRun {
            id: Id::new(),
            tenant: tenant.to_owned(),
            event: Id::new(),
            hook,
            version: 1,
            due_at: Millis(0),
        }
    }

    #[test]
    fn a_flood_delays_another_tenants_run_by_one_turn() {
        let (mut queue, hook) = (FairQueue::default(), Id::new());
        (0..100_000).for_each(|_| queue.push(run("flood", hook)));
        queue.push(run("quiet", hook));
        let order: Vec<_> = (0..3).map(|_| queue.next(&MANY).unwrap().tenant).collect();
        assert_eq!(order, ["flood", "quiet", "flood"]);
    }

    #[test]
    fn a_tenant_at_its_limit_waits_for_the_end_of_one_of_its_runs() {
        let (mut queue, hook) = (FairQueue::default(), Id::new());
        let one = AtMost(1, 1000);
        (0..3).for_each(|_| queue.push(run("a", hook)));
        for _ in 0..3 {
            assert!(queue.next(&one).is_some());
            assert!(queue.next(&one).is_none());
            queue.ended("a", hook);
        }
        assert_eq!((queue.waiting(), queue.lanes.len()), (0, 0));
    }

    #[test]
    fn a_hook_at_its_limit_keeps_no_other_hook_waiting() {
        let (mut queue, slow, quick) = (FairQueue::default(), Id::new(), Id::new());
        let one_each = AtMost(1000, 1);
        (0..3).for_each(|_| queue.push(run("a", slow)));
        (0..2).for_each(|_| queue.push(run("a", quick)));
        let next = |queue: &mut FairQueue| queue.next(&one_each).map(|run| run.hook);
        assert_eq!(next(&mut queue), Some(slow));
        assert_eq!(next(&mut queue), Some(quick));
        assert_eq!(next(&mut queue), None);
        queue.ended("a", quick);
        assert_eq!(next(&mut queue), Some(quick));
        queue.ended("a", quick);
        assert_eq!(next(&mut queue), None);
        queue.ended("a", slow);
        assert_eq!(next(&mut queue), Some(slow));
        assert_eq!(queue.waiting_for("a"), 1);
    }

    #[test]
    fn a_tenant_whose_limit_was_raised_has_its_turn_again() {
        let (mut queue, hook) = (FairQueue::default(), Id::new());
        queue.push(run("a", hook));
        assert!(queue.next(&AtMost(0, 1000)).is_none());
        assert!(queue.next(&MANY).is_none());
        queue.wake_all();
        assert!(queue.next(&MANY).is_some());
    }

    #[test]
    fn runs_of_a_hook_keep_their_order_and_a_removed_one_does_not_come() {
        let (mut queue, hook) = (FairQueue::default(), Id::new());
        let runs: Vec<_> = (0..3).map(|_| run("a", hook)).collect();
        runs.iter().cloned().for_each(|run| queue.push(run));
        queue.remove("a", runs[1].id);
        assert_eq!(queue.waiting_for("a"), 2);
        let order: Vec<_> = (0..2).map(|_| queue.next(&MANY).unwrap().id).collect();
        assert_eq!(order, [runs[0].id, runs[2].id]);
        let alone = run("b", hook);
        queue.push(alone.clone());
        queue.remove("b", alone.id);
        assert!(queue.next(&MANY).is_none());
    }
}
