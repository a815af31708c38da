//! Whether the interpreter can compile a template, every token in it a `0`.

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, Sandbox, Script};
use codehook_template::{Template, TokenValues};

use crate::problem::Problem;

/// Fits every place in which a token can stand.
const NEUTRAL: &str = "0";

/// Compiles; a fault is a problem with its line.
pub(crate) async fn check(sandbox: &Sandbox, template: &Template) -> Result<(), Problem> {
    let mut values = TokenValues::new();
    for token in template.tokens() {
        values.insert(token.name.clone(), NEUTRAL);
    }
    let rendered = template
        .render(&values)
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let name = template.display_name();
    let script =
        Script::new(name, rendered.script).map_err(|error| Problem::invalid(error.to_string()))?;
    // Compiling asks for nothing: any session will do.
    let egress = Egress::new(EgressConfig::default())
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let http = egress.session(Policy::default());
    let report = sandbox
        .run(&script, Purpose::Check, &RunLimits::default(), http, None)
        .await;
    if report.outcome == Outcome::Succeeded {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&report.stderr.bytes).into_owned();
    let reason = said
        .trim_end()
        .lines()
        .last()
        .unwrap_or("it does not compile")
        .to_owned();
    let problem = Problem::invalid(format!("{name}: {reason}"));
    Err(match place(&said) {
        Some((line, column)) => problem.at(line, column),
        None => problem,
    })
}

/// `File "hook.py", line 3`, then the line, then a caret under the column.
fn place(said: &str) -> Option<(usize, Option<usize>)> {
    let (_, rest) = said.rsplit_once(", line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let mut lines = rest.lines().skip(1);
    let source = lines.next();
    let caret = lines.next().and_then(|line| line.find('^'));
    // The interpreter indents both by four.
    let column = source.and(caret).and_then(|at| at.checked_sub(3));
    Some((digits.parse().ok()?, column))
}
