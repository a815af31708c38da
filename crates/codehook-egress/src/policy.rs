//! What one run may reach: the rules as an operator writes them, and the judgement of hosts and addresses.

pub(crate) mod allow_rule;
pub(crate) mod connect_to;
pub(crate) mod judge;
pub(crate) mod resolve_override;

pub(crate) use judge::Policy;
