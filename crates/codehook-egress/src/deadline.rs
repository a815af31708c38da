//! The time limits of one exchange. Every wait in this crate goes through here, so that none is unbounded.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::EgressError;
use crate::limits::EgressLimits;
use crate::net::target::Target;

/// Upper bound of every limit: a day, longer than any run, and far below what an instant can hold.
const MAX_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    started: Instant,
    limit: Duration,
    connect_limit: Duration,
    /// The guest's own timeout, which starts anew with every wait, as a socket's does.
    guest: Option<Duration>,
}

impl Deadline {
    pub(crate) fn start(limits: &EgressLimits, guest: Option<Duration>) -> Self {
        Self {
            started: Instant::now(),
            limit: limits.request_timeout.min(MAX_LIMIT),
            connect_limit: limits.connect_timeout.min(MAX_LIMIT),
            guest,
        }
    }

    /// Replaces the guest's own timeout for the following waits.
    pub(crate) fn set_guest_timeout(&mut self, guest: Option<Duration>) {
        self.guest = guest;
    }

    /// Waits for one step of an open exchange.
    pub(crate) async fn wait<F: Future>(&self, step: F) -> Result<F::Output, EgressError> {
        self.bounded(
            step,
            self.started + self.limit,
            EgressError::TimeLimit { limit: self.limit },
        )
        .await
    }

    /// Waits for a step of connecting.
    pub(crate) async fn wait_to_connect<F: Future>(
        &self,
        target: &Target,
        step: F,
    ) -> Result<F::Output, EgressError> {
        if self.limit < self.connect_limit {
            return self.wait(step).await;
        }
        let late = EgressError::ConnectTimedOut {
            host: target.host.to_string(),
            port: target.port,
            limit: self.connect_limit,
        };
        self.bounded(step, self.started + self.connect_limit, late)
            .await
    }

    async fn bounded<F: Future>(
        &self,
        step: F,
        deadline: Instant,
        late: EgressError,
    ) -> Result<F::Output, EgressError> {
        let guest = self
            .guest
            .map(|guest| Instant::now() + guest.min(self.limit));
        let (until, error) = match guest {
            Some(guest) if guest < deadline => (guest, EgressError::TimedOut),
            _ => (deadline, late),
        };
        timeout_at(until, step).await.map_err(|_| error)
    }
}
