//! Resolves a guest's path: into `/tmp`, or into the read-only tree.

use super::errno::Errno;

/// A resolved path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Below `/tmp`, relative to it; `.` is `/tmp` itself.
    Tmp(String),
    /// Anything else: absolute, without `.` and `..`.
    ReadOnly(String),
}

/// Resolves `path` against the directory `base` (absolute). `..` is resolved in the text, before any link is followed,
/// and stops at the root: what is left of the path cannot climb.
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
        _ => Place::ReadOnly(format!("/{}", parts.join("/"))),
    }
}

/// The most links in the resolution of one path (Linux: 40).
const MAX_LINKS: u32 = 40;

/// Resolution of a path one component at a time, so that links can be followed. It looks at nothing of the host's, and
/// `..` of the root is the root: whatever links say, the path stays in the tree.
pub(crate) struct Walk {
    /// Components from the root to the current position.
    at: Vec<String>,
    /// Components still to resolve, the next one last.
    left: Vec<String>,
    links: u32,
}

impl Walk {
    /// Starts at the first component of `path`, relative to `base`.
    pub(crate) fn new(base: &str, path: &str) -> Self {
        let mut walk = Self {
            at: Vec::new(),
            left: Vec::new(),
            links: 0,
        };
        walk.push(path);
        if !path.starts_with('/') {
            walk.push(base);
        }
        walk
    }

    /// Resolves one component, and returns the place; `None` at the end.
    pub(crate) fn step(&mut self) -> Option<Place> {
        let name = self.left.pop()?;
        match name.as_str() {
            "" | "." => {}
            ".." => {
                self.at.pop();
            }
            _ => self.at.push(name),
        }
        Some(self.place())
    }

    /// Returns whether no component is left, not even the empty one behind a last slash.
    pub(crate) fn at_end(&self) -> bool {
        self.left.is_empty()
    }

    /// Replaces the link at the current position by its target.
    pub(crate) fn follow(&mut self, target: &str) -> Result<(), Errno> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::Loop);
        }
        self.at.pop();
        if target.starts_with('/') {
            self.at.clear();
        }
        self.push(target);
        Ok(())
    }

    /// Returns the current position.
    pub(crate) fn place(&self) -> Place {
        resolve("/", &self.at.join("/"))
    }

    fn push(&mut self, path: &str) {
        self.left.extend(path.split('/').rev().map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "[a-c]",
            Just("..".to_owned()),
            Just("tmp".to_owned()),
            Just(String::new())
        ];
        proptest::collection::vec(part, 0..8).prop_map(|parts| parts.join("/"))
    }

    proptest! {
        #[test]
        fn a_walk_without_links_leads_where_the_text_says(base in parts(), path in parts()) {
            let base = format!("/{base}");
            let mut walk = Walk::new(&base, &path);
            while walk.step().is_some() {}
            prop_assert_eq!(walk.place(), resolve(&base, &path));
        }

        #[test]
        fn a_walk_stays_in_the_tree_and_ends_whatever_links_say(
            path in parts(),
            targets in proptest::collection::vec(parts(), 1..4),
        ) {
            let mut walk = Walk::new("/tmp", &path);
            let mut targets = targets.iter().cycle();
            while let Some(place) = walk.step() {
                if let Place::Tmp(_) = place
                    && walk.follow(targets.next().map_or("", String::as_str)).is_err()
                {
                    break;
                }
            }
            if let Place::Tmp(path) = walk.place() {
                prop_assert!(!path.split('/').any(|part| part == ".."), "{}", path);
            }
        }
    }

    #[test]
    fn dots_never_climb_above_the_root() {
        assert_eq!(
            resolve("/", "../../etc/passwd"),
            Place::ReadOnly("/etc/passwd".into())
        );
        assert_eq!(
            resolve("/tmp", "../../../usr"),
            Place::ReadOnly("/usr".into())
        );
        assert_eq!(resolve("/tmp/a", ".."), Place::Tmp(".".into()));
    }

    #[test]
    fn only_whole_names_lead_into_tmp() {
        assert_eq!(resolve("/", "tmp/a/./b//c"), Place::Tmp("a/b/c".into()));
        assert_eq!(resolve("/", "tmpx"), Place::ReadOnly("/tmpx".into()));
        assert_eq!(resolve("/usr", "/tmp"), Place::Tmp(".".into()));
    }
}
