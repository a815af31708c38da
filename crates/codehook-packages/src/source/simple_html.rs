//! Parses a page of an index in HTML (PEP 503, PEP 592, PEP 629).

use html5gum::{Token, Tokenizer};
use url::Url;

use super::{Candidate, Location};
use crate::file_name::FileName;
use crate::name::PackageName;

/// Returns every link to a file of `package`, and ignores the rest of the page.
pub(super) fn candidates(body: &[u8], base: &Url, package: &PackageName) -> Vec<Candidate> {
    let mut base = base.clone();
    let mut found = Vec::new();
    for token in Tokenizer::new(body) {
        let Ok(Token::StartTag(tag)) = token else {
            continue;
        };
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let Some(url) = attribute("href").and_then(|href| base.join(href.trim()).ok()) else {
            continue;
        };
        match &tag.name[..] {
            b"base" => base = url,
            b"a" => found.extend(candidate(url, attribute, package)),
            _ => {}
        }
    }
    found
}

fn candidate(
    mut url: Url,
    attribute: impl Fn(&str) -> Option<String>,
    package: &PackageName,
) -> Option<Candidate> {
    let name = url.path_segments()?.next_back()?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    let file = FileName::parse(&name, package)?;
    let hash = url
        .fragment()
        .and_then(|fragment| fragment.strip_prefix("sha256="))
        .and_then(|hash| hash.parse().ok());
    url.set_fragment(None);
    Some(Candidate {
        file,
        location: Location::Url(url),
        hash,
        requires_python: attribute("data-requires-python"),
        yanked: attribute("data-yanked").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_with_hash_python_and_withdrawal() {
        let page = format!(
            "<!DOCTYPE html><html><head><meta name='pypi:repository-version' content='1.0'></head><body>\
             <a href=\"../../files/six-1.0-py2.py3-none-any.whl#sha256={0}\" data-requires-python=\"&gt;=2.7\">six</a>\
             <!-- <a href='six-9.0.tar.gz'></a> -->\
             <a href='https://other.test/a%2Bb/six-1.1%2Blocal.tar.gz?x=1' data-yanked>x</a>\
             <a href='nothing.txt'>n</a><a>m</a></body></html>",
            "0".repeat(64)
        );
        let base = Url::parse("https://index.test/simple/six/").expect("a URL");
        let found = candidates(page.as_bytes(), &base, &"six".parse().expect("a name"));
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].location.to_string(),
            "https://index.test/files/six-1.0-py2.py3-none-any.whl"
        );
        assert!(found[0].hash.is_some() && !found[0].yanked);
        assert_eq!(found[0].requires_python.as_deref(), Some(">=2.7"));
        assert_eq!(found[1].file.version.to_string(), "1.1+local");
        assert!(found[1].yanked && found[1].hash.is_none());
    }
}
