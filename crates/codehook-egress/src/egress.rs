//! The entry point: checks the settings of a process and makes a session for each run.

use std::sync::Arc;

use crate::config::{EgressConfig, EgressConfigError};
use crate::policy::Policy;
use crate::session::{Session, Shared};
use crate::tls::TlsSetup;

/// Makes the sessions of all runs of a process. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

impl Egress {
    /// Checks the given certificates. The platform's are read by the first `https` request.
    ///
    /// # Errors
    ///
    /// When a given file holds no certificate or a broken one, or when nothing at all would be trusted.
    pub fn new(config: EgressConfig) -> Result<Self, EgressConfigError> {
        let tls = TlsSetup::new(config.trust, &config.ca_certificates)?;
        Ok(Self {
            shared: Arc::new(Shared {
                tls,
                resolver: config.resolver,
            }),
        })
    }

    /// Makes a session for one run.
    pub fn session(&self, policy: Policy) -> Session {
        Session::new(Arc::clone(&self.shared), policy)
    }
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}
