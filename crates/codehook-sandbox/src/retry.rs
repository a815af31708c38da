//! Attempts of a run, and a script's request for another one, or for none.

use serde::Serialize;

/// Which attempt of which run a script is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// From 1.
    pub attempt: u32,
    /// The run's identifier, the same for all its attempts; none where no journal knows the run.
    pub run_id: Option<String>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self {
            attempt: 1,
            run_id: None,
        }
    }
}
