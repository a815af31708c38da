//! What one run sees of read-only trees: the library that all runs share, and the packages that this one has besides.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::library::{Content, EntryKind, Library};

/// The library, with an overlay for runs that have one. The library comes first: an overlay adds, and replaces nothing.
pub(crate) struct Trees {
    library: Arc<Library>,
    overlay: Option<Arc<Library>>,
}

/// A file in one of the trees.
#[derive(Debug, Clone)]
pub(crate) struct TreeFile {
    tree: Tree,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    Library,
    Overlay,
}

impl TreeFile {
    pub(crate) fn len(&self) -> u64 {
        self.content.len()
    }

    /// Seconds since the epoch.
    pub(crate) fn modified(&self) -> u64 {
        self.content.modified()
    }
}

impl Trees {
    pub(crate) fn new(library: Arc<Library>, overlay: Option<Arc<Library>>) -> Self {
        Self { library, overlay }
    }

    pub(crate) fn file(&self, path: &str) -> Option<TreeFile> {
        let found = |tree, library: &Library| {
            let content = library.file(path)?;
            Some(TreeFile { tree, content })
        };
        found(Tree::Library, &self.library).or_else(|| {
            // What is a directory in the library is not a file in an overlay.
            let overlay = self.overlay.as_ref()?;
            let taken = self.library.is_directory(path);
            (!taken).then(|| found(Tree::Overlay, overlay)).flatten()
        })
    }

    pub(crate) fn content(&self, file: &TreeFile) -> &[u8] {
        match (file.tree, &self.overlay) {
            (Tree::Overlay, Some(overlay)) => overlay.content(&file.content),
            // A file of an overlay was found in one, so there is no other case.
            _ => self.library.content(&file.content),
        }
    }

    pub(crate) fn is_directory(&self, path: &str) -> bool {
        let in_overlay = |overlay: &Arc<Library>| overlay.is_directory(path);
        self.library.is_directory(path)
            || (self.library.file(path).is_none() && self.overlay.as_ref().is_some_and(in_overlay))
    }

    /// The entries of a directory, of both trees.
    pub(crate) fn entries(&self, path: &str) -> BTreeMap<&str, EntryKind> {
        let overlay = self
            .overlay
            .iter()
            .flat_map(|overlay| overlay.entries(path));
        // The library's come last, and count.
        overlay.chain(self.library.entries(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(directory: &str, files: &[(&str, &str)]) -> Arc<Library> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            archive
                .append_data(&mut header, path, content.as_bytes())
                .expect("a small archive");
        }
        let bytes = archive.into_inner().expect("a small archive");
        Arc::new(Library::mounted_at(directory, [bytes]).expect("a tar archive"))
    }

    fn text<'a>(trees: &'a Trees, path: &str) -> Option<&'a str> {
        let file = trees.file(path)?;
        std::str::from_utf8(trees.content(&file)).ok()
    }

    #[test]
    fn an_overlay_adds_to_the_library_and_replaces_nothing_of_it() {
        let base = library("/", &[("usr/lib/a.pyc", "base"), ("usr/share/x/y", "base")]);
        let overlay = library(
            "/usr",
            &[
                ("lib/a.pyc", "other"),
                ("lib/b.pyc", "added"),
                ("share/x", "other"),
                ("local/c.pyc", "added"),
            ],
        );
        let trees = Trees::new(base, Some(overlay));
        assert_eq!(text(&trees, "/usr/lib/a.pyc"), Some("base"));
        assert_eq!(text(&trees, "/usr/lib/b.pyc"), Some("added"));
        assert_eq!(text(&trees, "/usr/share/x"), None);
        assert!(trees.is_directory("/usr/share/x") && trees.is_directory("/usr/local"));
        let names: Vec<&str> = trees.entries("/usr/lib").into_keys().collect();
        assert_eq!(names, ["a.pyc", "b.pyc"]);
        assert_eq!(trees.entries("/usr/share")["x"], EntryKind::Directory);
    }
}
