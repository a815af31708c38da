//! Packs files for a [`Library`](codehook_sandbox::Library): the same files give the same bytes.

use std::collections::BTreeMap;
use std::io;

/// Makes a tar archive of `files` (path -> content), in the order of their paths.
///
/// # Errors
///
/// When a path cannot be in an archive: absolute, or with `..`.
pub fn tar(files: &BTreeMap<String, Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, path, &content[..])?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use codehook_sandbox::Library;

    use crate::archive::Files;

    #[test]
    fn a_library_finds_what_was_packed_under_long_names_too() {
        let long = format!("{}/x.py", "directory/".repeat(30).trim_end_matches('/'));
        let files = Files::from([
            (long.clone(), b"1".to_vec()),
            ("é.txt".to_owned(), b"2".to_vec()),
        ]);
        let library = Library::mounted_at("/p", [tar(&files).expect("memory")]).expect("a tar");
        assert_eq!(library.read(&format!("/p/{long}")), Some(&b"1"[..]));
        assert_eq!(library.read("/p/é.txt"), Some(&b"2"[..]));
    }
}
