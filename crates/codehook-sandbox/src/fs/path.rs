//! Where a guest's path leads: into `/tmp`, or to something that is only read.

/// A resolved path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Below `/tmp`, relative to it; `.` is `/tmp` itself.
    Tmp(String),
    /// Anything else: absolute, without `.` and `..`.
    Fixed(String),
}

/// Resolves `path` against the directory `base` (absolute). `..` is resolved in the text, before any link is followed, and
/// stops at the root: what is left of the path cannot climb.
pub(crate) fn resolve(base: &str, path: &str) -> Place {
    let mut parts: Vec<&str> = Vec::new();
    let base_parts = if path.starts_with('/') { "" } else { base };
    for part in base_parts.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.split_first() {
        Some((&"tmp", [])) => Place::Tmp(".".to_owned()),
        Some((&"tmp", rest)) => Place::Tmp(rest.join("/")),
        _ => Place::Fixed(format!("/{}", parts.join("/"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_never_climb_above_the_root() {
        assert_eq!(
            resolve("/", "../../etc/passwd"),
            Place::Fixed("/etc/passwd".into())
        );
        assert_eq!(resolve("/tmp", "../../../usr"), Place::Fixed("/usr".into()));
        assert_eq!(resolve("/tmp/a", ".."), Place::Tmp(".".into()));
    }

    #[test]
    fn only_whole_names_lead_into_tmp() {
        assert_eq!(resolve("/", "tmp/a/./b//c"), Place::Tmp("a/b/c".into()));
        assert_eq!(resolve("/", "tmpx"), Place::Fixed("/tmpx".into()));
        assert_eq!(resolve("/usr", "/tmp"), Place::Tmp(".".into()));
    }
}
