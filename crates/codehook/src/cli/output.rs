//! How a command reports.

use clap::Args;

use crate::terminal::Format;

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print one JSON report on standard output, in place of any other output.
    #[arg(long)]
    pub(crate) json: bool,
}

impl OutputArgs {
    /// For a person, unless JSON is asked for.
    pub(crate) fn format(&self) -> Format {
        match self.json {
            true => Format::Json,
            false => Format::Human,
        }
    }
}
