//! `codehook man`: a manual page for each command, made from the definitions that `--help` is made from.

use std::fs;
use std::io::Write;

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::{Man, roff};
use roff::{Roff, roman};

use crate::cli::{Cli, ManArgs};
use crate::exit::Exit;
use crate::terminal;

const MANUAL: &str = "User Commands";

/// Runs the command.
///
/// # Errors
///
/// When the pages cannot be written.
pub(crate) fn command(args: &ManArgs) -> anyhow::Result<Exit> {
    let directory = &args.directory;
    let pages = pages()?;
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    for (name, page) in &pages {
        let path = directory.join(name);
        fs::write(&path, page).with_context(|| path.display().to_string())?;
    }
    terminal::note(&format!(
        "{} manual pages are in {}",
        pages.len(),
        directory.display()
    ));
    Ok(Exit::Succeeded)
}

/// Every page with its file's name, the program's own first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    // `help` would get pages of its own, which say nothing.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    let mut commands = vec![(program, None)];
    while let Some((command, parent)) = commands.pop() {
        let man = Man::new(command.clone())
            .manual(MANUAL)
            .source(concat!("codehook ", env!("CARGO_PKG_VERSION")));
        pages.push((man.get_filename(), page(&man, &command, parent.as_deref())?));
        let name = page_name(&command);
        let below = command.get_subcommands().filter(|sub| !sub.is_hide_set());
        commands.extend(below.map(|sub| (sub.clone(), Some(name.clone()))));
    }
    Ok(pages)
}

/// `codehook-hooks-pull`.
fn page_name(command: &clap::Command) -> String {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    name.to_owned()
}

fn page(man: &Man, command: &clap::Command, parent: Option<&str>) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|sub| !sub.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_long_help() {
        further_sections(&text.to_string()).to_writer(&mut page)?;
    }
    if let Some(parent) = parent {
        let mut also = Roff::default();
        also.control("SH", ["SEE ALSO"]);
        also.text([roman(format!("{parent}(1)"))]);
        also.to_writer(&mut page)?;
    }
    page.flush()?;
    Ok(page)
}

/// What stands below the options in `--help`, its lines as they are: clap_mangen would fill them, and tables and
/// examples would be lost. A line such as `Exit codes:` begins a section.
fn further_sections(text: &str) -> Roff {
    let mut roff = Roff::default();
    let mut open = false;
    for line in text.lines() {
        let heading = line.strip_suffix(':').filter(|heading| {
            heading.starts_with(char::is_uppercase) && heading.split(' ').count() <= 2
        });
        let begins = match heading {
            Some(heading) => Some(heading.to_uppercase()),
            None => (!open).then(|| "NOTES".to_owned()),
        };
        if let Some(section) = begins {
            if open {
                roff.control("fi", []);
            }
            roff.control("SH", [section.as_str()]);
            roff.control("nf", []);
            open = true;
        }
        if heading.is_none() {
            roff.text([roman(line)]);
        }
    }
    if open {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        let pages = pages().unwrap();
        let (_, page) = pages
            .iter()
            .find(|(own, _)| own == name)
            .unwrap_or_else(|| panic!("{name}"));
        String::from_utf8(page.clone()).unwrap()
    }

    #[test]
    fn every_command_has_a_page_and_hidden_ones_have_none() {
        let names: Vec<_> = pages().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[0], "codehook.1");
        for command in Cli::command().get_subcommands() {
            let page = format!("codehook-{}.1", command.get_name());
            assert_eq!(names.contains(&page), !command.is_hide_set(), "{page}");
        }
        assert!(names.contains(&"codehook-hooks-pull.1".to_owned()));
        assert!(!names.iter().any(|name| name.contains("help")));
    }

    #[test]
    fn exit_codes_and_examples_are_sections_with_their_lines_kept() {
        let page = text("codehook-run.1");
        for section in ["\n.SH EXAMPLES\n.nf\n", "\n.SH \"EXIT CODES\"\n.nf\n"] {
            assert!(page.contains(section), "{section} in {page}");
        }
        assert!(page.contains("\n.SH \"SEE ALSO\"\ncodehook(1)\n"), "{page}");
        assert!(text("codehook-serve.1").contains("\n.SH NOTES\n.nf\n"));
        assert!(text("codehook-hooks-pull.1").contains("codehook\\-hooks(1)"));
    }
}
