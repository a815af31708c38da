//! Fuzz targets: each takes bytes that come from outside, and panics when what comes of them is wrong.
//!
//! The oracles are other programs or other libraries than the code under test: CPython's parser for templates,
//! serde_json and form_urlencoded for events, the standard library for addresses, the bytes themselves for HTTP
//! responses, wasmtime's epochs for safepoints. `0xFF`, which no UTF-8 text holds, parts the inputs of a target that
//! takes several.

mod address;
mod oracle;
mod response;
mod safepoints;
mod template;
mod texts;
mod url;

pub use response::response;
pub use safepoints::safepoints;
pub use template::template;
pub use texts::{event, mapping};
pub use url::url;

/// The parts of an input, always `N`: the last ones are empty where the input has fewer.
fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut rest = data.splitn(N, |byte| *byte == 0xFF);
    [(); N].map(|()| rest.next().unwrap_or_default())
}

/// Takes an input, and panics when what comes of it is wrong.
pub type Target = fn(&[u8]);

/// Every target by name, for those who run them all.
pub const TARGETS: [(&str, Target); 6] = [
    ("template", template),
    ("event", event),
    ("mapping", mapping),
    ("url", url),
    ("response", response),
    ("safepoints", safepoints),
];
