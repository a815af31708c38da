//! The arguments of the commands that describe the program to shells and to `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  bash, for this user (with the package bash-completion):
    codehook completions bash > \\
      ~/.local/share/bash-completion/completions/codehook

  zsh, into a directory of $fpath:
    codehook completions zsh > ~/.zfunc/_codehook

  fish:
    codehook completions fish > ~/.config/fish/completions/codehook.fish";

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The directory; it is created if it does not exist. Pages with the same names are replaced.
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}
