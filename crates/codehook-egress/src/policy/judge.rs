//! The decision what one run may reach.
//!
//! Owns the two access checks: whether a host may be requested at all (before any lookup), and whether an address may
//! be connected to (after it). Holds no state.

use std::net::IpAddr;

use crate::error::EgressError;
use crate::limits::EgressLimits;
use crate::net::address::{self, AddressKind};
use crate::net::target::Target;
use crate::policy::allow_rule::AllowRule;
use crate::policy::connect_to::ConnectTo;
use crate::policy::resolve_override::ResolveOverride;

/// Whether addresses outside the public Internet may be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrivateNetworks {
    /// Loopback, private, link-local, shared, documentation, multicast and reserved addresses are refused, and so are
    /// the IPv6 addresses that hide one.
    #[default]
    Refused,
    /// They may be reached. Addresses of cloud metadata services stay refused unless an allow rule spells out the very
    /// address.
    Opened,
}

/// The rules for what one run may reach. The default allows nothing.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// A request is allowed when any rule covers its URL; none means that no request is allowed.
    pub allow: Vec<AllowRule>,
    /// Whether addresses outside the public Internet may be reached.
    pub private_networks: PrivateNetworks,
    /// Addresses that replace the resolver's. They do not exempt an address from `private_networks`.
    pub resolve: Vec<ResolveOverride>,
    /// Endpoints that replace the URL's own. They exempt nothing from `allow` or `private_networks`.
    pub connect_to: Vec<ConnectTo>,
    /// Caps on count, size and time.
    pub limits: EgressLimits,
}

impl Policy {
    /// Judges a request for `url` as a session with this policy does when a lookup of its host gives `found`: returns
    /// the addresses that it would connect to, in that order. Looks nothing up and connects to nothing; ignores
    /// `resolve` and `connect_to`.
    ///
    /// # Errors
    ///
    /// The errors of [`Session::open`](crate::Session::open): an invalid URL, a host that no rule covers, forbidden
    /// addresses.
    pub fn judge(&self, url: &str, found: &[IpAddr]) -> Result<Vec<IpAddr>, EgressError> {
        let target = Target::parse(url)?;
        self.check_host(&target)?;
        match target.host.ip() {
            Some(address) => self.check_addresses(&target, &[address]),
            None => self.check_addresses(&target, found),
        }
    }

    /// Checks the host. Called before any lookup, so that a denied host causes no DNS traffic.
    pub(crate) fn check_host(&self, target: &Target) -> Result<(), EgressError> {
        if self.allow.iter().any(|rule| rule.permits(target)) {
            return Ok(());
        }
        Err(EgressError::DeniedByPolicy {
            scheme: target.scheme,
            host: target.host.to_string(),
            port: target.port,
        })
    }

    /// Returns those of `addresses` that may be connected to, in the same order. Fails when none of them may.
    pub(crate) fn check_addresses(
        &self,
        target: &Target,
        addresses: &[IpAddr],
    ) -> Result<Vec<IpAddr>, EgressError> {
        let host = || target.host.to_string();
        if addresses.is_empty() {
            return Err(EgressError::NameNotFound { host: host() });
        }
        let mut allowed = addresses.to_vec();
        allowed.retain(|address| self.allows_address(target, *address));
        if allowed.is_empty() {
            return Err(EgressError::ForbiddenAddress { host: host() });
        }
        Ok(allowed)
    }

    fn allows_address(&self, target: &Target, address: IpAddr) -> bool {
        match address::kind(address) {
            AddressKind::Public => true,
            AddressKind::Private => self.private_networks == PrivateNetworks::Opened,
            AddressKind::Metadata => {
                self.private_networks == PrivateNetworks::Opened
                    && self
                        .allow
                        .iter()
                        .any(|rule| rule.names_address(address, target))
            }
        }
    }
}
