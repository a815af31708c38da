//! Limits on the sizes of inputs and of the script.

/// The largest event in bytes. The product's own are a few kilobytes; a megabyte leaves room for an envelope.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// The largest template in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

/// The largest script in bytes: a template may use one long value many times.
pub const MAX_SCRIPT_BYTES: usize = 16 * 1024 * 1024;

/// The most tokens in a mapping.
pub(crate) const MAX_TOKENS: usize = 200;
/// The most paths of a mapping that may visit many values of an event.
pub(crate) const MAX_SEARCHES: usize = 16;
