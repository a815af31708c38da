//! One thing that an author should look at.

use codehook_template::Position;
use serde::Serialize;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WarningKind {
    /// Something written like a token that is none.
    UnknownToken,
    /// A file in `/tmp` that nothing in the script removes.
    TmpFileLeft,
    /// A credential in the script's text.
    Credential,
    /// A place that was to be filled in.
    Placeholder,
    /// An import that will fail.
    MissingModule,
    /// What does not work, or has no effect, inside a hook.
    Unsupported,
}

/// A warning. Its message never repeats a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
    #[serde(flatten)]
    pub(crate) position: Position,
}
