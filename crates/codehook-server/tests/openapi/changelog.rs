//! Reads the changelog.

/// Returns the text under the heading `### Breaking` of `## Unreleased`; empty when there is none.
pub(crate) fn breaking_changes(changelog: &str) -> String {
    let mut headings = ("", "");
    let mut found = String::new();
    for line in changelog.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            headings = (heading.trim(), "");
        } else if let Some(heading) = line.strip_prefix("### ") {
            headings.1 = heading.trim();
        } else if headings == ("Unreleased", "Breaking") {
            found.push_str(line);
            found.push('\n');
        }
    }
    found
}

#[test]
fn only_breaking_changes_that_are_unreleased_count() {
    let changelog = "# Changelog\n\n## Unreleased\n\n### Breaking\n\n- `a`\n\n### Added\n\n- `b`\n\n\
                     ## 0.1.0\n\n### Breaking\n\n- `c`\n";
    assert_eq!(breaking_changes(changelog).trim(), "- `a`");
    assert_eq!(
        breaking_changes("## Unreleased\n\n### Added\n\n- `b`\n"),
        ""
    );
}
