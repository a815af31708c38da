//! The read-only library of one run: the library that all runs share, and the run's own packages below it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::library::{Content, EntryKind, Library};

/// A library and, for runs that have one, an overlay. An overlay adds files, and replaces none of the library's.
pub(crate) struct LayeredLibrary {
    library: Arc<Library>,
    overlay: Option<Arc<Library>>,
}

/// A file of one of the layers.
#[derive(Debug, Clone)]
pub(crate) struct LayeredFile {
    layer: Layer,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Library,
    Overlay,
}

impl LayeredFile {
    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.content.len()
    }

    /// Returns the modification time in seconds since the epoch.
    pub(crate) fn modified(&self) -> u64 {
        self.content.modified()
    }
}

impl LayeredLibrary {
    /// Returns the layers as one library.
    pub(crate) fn new(library: Arc<Library>, overlay: Option<Arc<Library>>) -> Self {
        Self { library, overlay }
    }

    /// Returns the file at a path.
    pub(crate) fn file(&self, path: &str) -> Option<LayeredFile> {
        let found = |layer, library: &Library| {
            let content = library.file(path)?;
            Some(LayeredFile { layer, content })
        };
        found(Layer::Library, &self.library).or_else(|| {
            // A directory of the library hides a file of the overlay.
            let overlay = self.overlay.as_ref()?;
            let taken = self.library.is_directory(path);
            (!taken).then(|| found(Layer::Overlay, overlay)).flatten()
        })
    }

    /// Returns the content of a file of this library.
    pub(crate) fn content(&self, file: &LayeredFile) -> &[u8] {
        match (file.layer, &self.overlay) {
            (Layer::Overlay, Some(overlay)) => overlay.content(&file.content),
            // A file of the overlay was found in one, so there is no other case.
            _ => self.library.content(&file.content),
        }
    }

    /// Returns whether there is a directory at a path.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        let in_overlay = |overlay: &Arc<Library>| overlay.is_directory(path);
        self.library.is_directory(path)
            || (self.library.file(path).is_none() && self.overlay.as_ref().is_some_and(in_overlay))
    }

    /// Returns the entries of a directory, of both layers.
    pub(crate) fn entries(&self, path: &str) -> BTreeMap<&str, EntryKind> {
        let overlay = self
            .overlay
            .iter()
            .flat_map(|overlay| overlay.entries(path));
        // The library's come last, and win.
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

    fn text<'a>(library: &'a LayeredLibrary, path: &str) -> Option<&'a str> {
        let file = library.file(path)?;
        std::str::from_utf8(library.content(&file)).ok()
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
        let library = LayeredLibrary::new(base, Some(overlay));
        assert_eq!(text(&library, "/usr/lib/a.pyc"), Some("base"));
        assert_eq!(text(&library, "/usr/lib/b.pyc"), Some("added"));
        assert_eq!(text(&library, "/usr/share/x"), None);
        assert!(library.is_directory("/usr/share/x") && library.is_directory("/usr/local"));
        let names: Vec<&str> = library.entries("/usr/lib").into_keys().collect();
        assert_eq!(names, ["a.pyc", "b.pyc"]);
        assert_eq!(library.entries("/usr/share")["x"], EntryKind::Directory);
    }
}
