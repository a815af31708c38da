//! The program's exit codes, as its help documents them.

use std::process::ExitCode;

use codehook_sandbox::Outcome;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The script succeeded, or compiles.
    Succeeded,
    /// The script failed, crashed, or does not compile.
    ScriptFailed,
    /// Bad usage or input; clap uses the same code for arguments it refuses.
    Rejected,
    /// Nothing is wrong with the input: this machine does not let the engine work.
    Unable,
    /// The script was stopped at its limit of time or fuel; the code that `timeout(1)` uses.
    TimedOut,
    /// Ctrl-C: 128 and the signal's number, as shells have it.
    Interrupted,
    /// The script ran out of memory; what a shell shows for a process that the kernel killed for that.
    OutOfMemory,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Succeeded => 0,
            Self::ScriptFailed => 1,
            Self::Rejected => 2,
            Self::Unable => 3,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
            Self::OutOfMemory => 137,
            Self::Terminated => 143,
        }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed | Outcome::Crashed => Self::ScriptFailed,
            Outcome::TimedOut | Outcome::OutOfFuel => Self::TimedOut,
            Outcome::OutOfMemory => Self::OutOfMemory,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
