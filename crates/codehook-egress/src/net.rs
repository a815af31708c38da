//! Names and addresses on the network: hosts in one spelling, parsed URLs, kinds of addresses, name resolution.

pub(crate) mod address;
pub(crate) mod host;
pub(crate) mod resolver;
pub(crate) mod target;
