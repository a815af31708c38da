//! From the journal to the sandbox: which run is next, its attempts, and what they use.

mod attempt;
mod dispatcher;
mod fair_queue;
pub(crate) mod quota;

pub(crate) use dispatcher::Dispatcher;
