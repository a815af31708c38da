//! Scripts, as callers of the crate describe them.

use std::sync::Arc;

use crate::abi::{CHECK, RUN};
use crate::library::Library;
use crate::retry::Attempt;

/// Entry point of the interpreter for a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Runs it as `__main__`.
    Run,
    /// Compiles it only; a syntax error is on standard error, as the interpreter words it.
    Check,
}

impl Purpose {
    /// Returns the name of the interpreter's export.
    pub(crate) fn export(self) -> &'static str {
        match self {
            Self::Run => RUN,
            Self::Check => CHECK,
        }
    }
}

/// A script with everything that its run needs besides limits.
pub struct Script {
    pub(crate) name: String,
    pub(crate) content: Arc<[u8]>,
    pub(crate) secrets: Vec<String>,
    pub(crate) packages: Option<Arc<Library>>,
    pub(crate) tenant: Option<Arc<str>>,
    pub(crate) attempt: Attempt,
}

/// Reasons why a script is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The name cannot be a file's name.
    #[error("`{0}` cannot be the name of a script: use a plain file name such as hook.py")]
    Name(String),
}

impl Script {
    /// Returns a script named `name` (a plain file name, as tracebacks show it) with the given source.
    ///
    /// # Errors
    ///
    /// When the name is empty, too long, or holds a slash or NUL.
    pub fn new(name: &str, source: impl Into<Arc<[u8]>>) -> Result<Self, ScriptError> {
        let bad = name.is_empty()
            || name.len() > 255
            || name == "."
            || name == ".."
            || name.contains(['/', '\0']);
        if bad {
            return Err(ScriptError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            content: source.into(),
            secrets: Vec::new(),
            packages: None,
            tenant: None,
            attempt: Attempt::default(),
        })
    }

    /// Sets the tenant whose run it is. Tenants share the threads that serve short runs
    /// ([`SandboxConfig::low_priority_threads`](crate::SandboxConfig::low_priority_threads)) in equal parts.
    #[must_use]
    pub fn for_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets the attempt, which the script can query; by default the first one of a run without identifier.
    #[must_use]
    pub fn as_attempt(mut self, attempt: Attempt) -> Self {
        self.attempt = attempt;
        self
    }

    /// Adds values that are replaced wherever the run's output or transcript shows them.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// Sets a second read-only library that this script sees and others do not, such as its tenant's packages. It
    /// cannot replace files of the sandbox's own library.
    #[must_use]
    pub fn with_packages(mut self, packages: Option<Arc<Library>>) -> Self {
        self.packages = packages;
        self
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("name", &self.name)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
