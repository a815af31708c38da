use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;
use crate::terminal::Format;

fn parse(line: &str) -> Result<Command, clap::Error> {
    let words = ["codehook"].into_iter().chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.command)
}

fn run(line: &str) -> RunArgs {
    match parse(line) {
        Ok(Command::Run(args)) => *args,
        other => panic!("not a run: {other:?}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_run_has_the_products_limits_and_no_network_by_default() {
    let args = run("run hook.py --event event.json");
    assert_eq!((args.timeout, args.memory), (None, None));
    assert!(args.allow.is_empty() && !args.allow_private && !args.output.json);
    assert_eq!(args.output.format(), Format::Human);
}

#[test]
fn repeatable_options_collect() {
    let args = run(
        "run hook.py --event - --allow a.test --allow *.b.test:8443 --resolve a.test:443:127.0.0.1 \
                    --connect-to b.test:443:127.0.0.1:8443 --connect-to ::c.test: --secret A=1 --secret B --secret-file C=c.txt \
                    --ca-cert ca.pem --timeout 500ms --memory 1GiB --json",
    );
    assert_eq!(args.allow.len(), 2);
    assert_eq!(args.connect_to.len(), 2);
    assert_eq!(args.secret.len(), 2);
    assert_eq!(args.timeout, Some(Duration::from_millis(500)));
    assert_eq!(args.memory, Some(1024 * 1024 * 1024));
    assert_eq!(args.output.format(), Format::Json);
}

#[test]
fn values_that_mean_nothing_are_usage_errors() {
    for option in [
        "--timeout 0s",
        "--timeout 30",
        "--timeout soon",
        "--memory 1MiB",
        "--memory 3GiB",
        "--memory much",
        "--allow https://a.test/path",
        "--resolve a.test:127.0.0.1",
        "--connect-to a.test:443",
    ] {
        let error = parse(&format!("run hook.py --event e.json {option}")).expect_err(option);
        assert_eq!(error.kind(), ErrorKind::ValueValidation, "{option}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn debug_shows_no_secret() {
    let args = run("run hook.py --event e.json --secret A=hunter2");
    assert!(!format!("{args:?}").contains("hunter2"));
}

#[test]
fn help_documents_the_exit_codes_and_why_secrets_stay_off_the_command_line() {
    let mut command = Cli::command();
    let run = command.find_subcommand_mut("run").expect("the command");
    let help = run.render_long_help().to_string();
    for needed in [
        "124",
        "137",
        "130",
        "other users of this machine",
        "codehook run hook.py",
    ] {
        assert!(help.contains(needed), "{needed}");
    }
}
