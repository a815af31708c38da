//! Limits on the sizes of inputs and of the script.

/// The largest event in bytes. The product's own are a few kilobytes; a megabyte leaves room for an envelope.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// The largest template in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

/// The largest script in bytes: a template may use one long value many times.
pub const MAX_SCRIPT_BYTES: usize = 16 * 1024 * 1024;
