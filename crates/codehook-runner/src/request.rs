//! What one run is made of, and the script that comes of it.

use codehook_egress::AllowRule;
use codehook_packages::Tenant;
use codehook_sandbox::{Attempt, RunLimits, Script, ScriptError};
use codehook_template::{Event, Mapping, RenderError, Rendered, Template, TokenName};
use zeroize::Zeroizing;

/// One run of a hook for one event.
#[derive(Debug)]
pub struct RunRequest<'a> {
    /// The tenant whose hook it is.
    pub tenant: Tenant,
    /// The script's file name, as tracebacks show it.
    pub script_name: &'a str,
    /// The script with tokens in it.
    pub template: &'a Template,
    /// Where the values of the tokens are in the event.
    pub mapping: &'a Mapping,
    /// The event.
    pub event: &'a Event,
    /// The value of `@Hostname@`.
    pub hostname: Option<&'a str>,
    /// The values of `@secret.NAME@`.
    pub secrets: Vec<(TokenName, Zeroizing<String>)>,
    /// The hosts that the script may reach.
    pub allow: Vec<AllowRule>,
    /// Time, memory and fuel.
    pub limits: RunLimits,
    /// The number of the attempt, and the run's identifier.
    pub attempt: Attempt,
}

/// Why there is no script to run. No message quotes a value of the event or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The template does not take the values.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The script cannot have its name.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// A rendered script with all that its run needs.
#[derive(Debug)]
pub struct PreparedRun {
    pub(crate) tenant: Tenant,
    pub(crate) script: Script,
    pub(crate) allow: Vec<AllowRule>,
    rendered: Rendered,
    limits: RunLimits,
}

impl RunRequest<'_> {
    /// Resolves the tokens and renders the script.
    ///
    /// # Errors
    ///
    /// When a token has no value or one that does not fit its place, or the script's name is no file name.
    pub fn prepare(self) -> Result<PreparedRun, PrepareError> {
        let mut values = self.mapping.resolve(self.event, self.hostname);
        for (name, value) in &self.secrets {
            values.insert(name.clone(), value.as_str());
        }
        let rendered = self.template.render(&values)?;
        let script = Script::new(self.script_name, rendered.script.as_slice())?
            .with_secrets(rendered.secrets.iter().cloned())
            .for_tenant(self.tenant.as_str())
            .as_attempt(self.attempt);
        Ok(PreparedRun {
            tenant: self.tenant,
            script,
            allow: self.allow,
            rendered,
            limits: self.limits,
        })
    }
}

impl PreparedRun {
    /// The script's source, and the secrets in it.
    pub fn rendered(&self) -> &Rendered {
        &self.rendered
    }

    /// Time, memory and fuel.
    pub fn limits(&self) -> &RunLimits {
        &self.limits
    }
}
