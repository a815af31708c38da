//! Packages for tests: wheels and source archives as their tools make them, and as their tools never would.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

/// A file of a package.
#[derive(Debug, Clone)]
pub struct PackageFile {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A pure wheel for Python 2 and 3. `metadata` are more lines of its METADATA.
pub fn wheel(name: &str, version: &str, metadata: &str, files: &[(&str, &str)]) -> PackageFile {
    let plain = name.replace('-', "_");
    let records = format!("{plain}-{version}.dist-info");
    let own = [
        (
            format!("{records}/METADATA"),
            format!(
                "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n{metadata}\n"
            ),
        ),
        (
            format!("{records}/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\n".to_owned(),
        ),
    ];
    let own = own
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    PackageFile {
        name: format!("{plain}-{version}-py2.py3-none-any.whl"),
        bytes: zip(own.chain(files.iter().copied())),
    }
}

/// A source archive as setuptools makes it. `metadata` are more lines of its PKG-INFO, `modules` the lines of `top_level.txt`.
pub fn source_archive(
    name: &str,
    version: &str,
    metadata: &str,
    modules: &str,
    files: &[(&str, &str)],
) -> PackageFile {
    let top = format!("{name}-{version}");
    let info = format!(
        "Metadata-Version: 1.1\nName: {name}\nVersion: {version}\nLicense: MIT\n{metadata}\n"
    );
    let own = [
        ("PKG-INFO".to_owned(), info),
        (
            format!("{}.egg-info/top_level.txt", name.replace('-', "_")),
            modules.to_owned(),
        ),
    ];
    let own = own
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in own.chain(files.iter().copied()) {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, format!("{top}/{path}"), content.as_bytes())
            .expect("memory");
    }
    PackageFile {
        name: format!("{top}.tar.gz"),
        bytes: archive
            .into_inner()
            .and_then(GzEncoder::finish)
            .expect("memory"),
    }
}

/// A zip file of these entries, whatever they are called.
pub fn zip<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive
            .start_file(name, SimpleFileOptions::default())
            .expect("memory");
        archive.write_all(content.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}
