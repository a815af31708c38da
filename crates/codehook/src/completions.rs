//! `codehook completions`: what a shell proposes when Tab is pressed.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::exit::Exit;
use crate::terminal;

/// Runs the command.
///
/// # Errors
///
/// Never; the others' type.
pub(crate) fn command(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    // In memory first: a reader that has gone is no reason to panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "codehook", &mut script);
    terminal::stdout(&script);
    Ok(Exit::Succeeded)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn every_shell_is_told_of_every_command_but_the_hidden_ones() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "codehook", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["serve", "rotate-master-key", "rollback", "--event"] {
                assert!(
                    script.contains(word.trim_start_matches('-')),
                    "{shell} {word}"
                );
            }
        }
    }
}
