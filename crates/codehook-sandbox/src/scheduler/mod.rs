//! Fairness between runs: their CPU time, each tenant's share of it, and threads for runs that compute for long.

mod cpu_time;
mod low_priority;
mod token_buckets;

pub(crate) use cpu_time::{Metered, Spent};
pub(crate) use low_priority::LowPriority;
