//! Runs prepared scripts with the packages of their tenants and the network that the operator allows.

use std::time::Duration;

use codehook_egress::{
    AllowRule, ConnectTo, Egress, EgressLimits, Policy, PrivateNetworks, ResolveOverride,
};
use codehook_sandbox::{OutputSink, Purpose, RunLimits, RunReport, Sandbox};

use crate::package_libraries::{PackageLibraries, PackagesError};
use crate::request::PreparedRun;

/// The time that a script keeps to report a server that did not respond.
const TIME_AFTER_REQUEST: Duration = Duration::from_secs(5);

/// What the operator says about the network, the same for every hook.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Whether addresses outside the public Internet may be reached.
    pub private_networks: PrivateNetworks,
    /// Addresses of host names that replace those of the resolver.
    pub resolve: Vec<ResolveOverride>,
    /// Connections that go elsewhere than the URL says.
    pub connect_to: Vec<ConnectTo>,
}

impl Network {
    /// The policy of one run.
    fn policy(&self, allow: Vec<AllowRule>, limits: &RunLimits) -> Policy {
        let rest = limits.wall_time.saturating_sub(TIME_AFTER_REQUEST);
        Policy {
            allow,
            private_networks: self.private_networks,
            resolve: self.resolve.clone(),
            connect_to: self.connect_to.clone(),
            limits: EgressLimits {
                request_timeout: EgressLimits::DEFAULT_REQUEST_TIMEOUT.max(rest),
                ..EgressLimits::default()
            },
        }
    }
}

/// What all runs of a process share. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    sandbox: Sandbox,
    egress: Egress,
    network: Network,
    packages: PackageLibraries,
}

impl Runner {
    /// Puts the parts together.
    pub fn new(
        sandbox: Sandbox,
        egress: Egress,
        network: Network,
        packages: PackageLibraries,
    ) -> Self {
        Self {
            sandbox,
            egress,
            network,
            packages,
        }
    }

    /// The sandbox that scripts run in.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Runs the script to its end or to a limit. `sink` is shown the output as it comes.
    ///
    /// Dropping the future stops the run.
    ///
    /// # Errors
    ///
    /// When the packages of the tenant cannot be used. Whatever the script does is in the report.
    pub async fn run(
        &self,
        run: PreparedRun,
        sink: Option<OutputSink>,
    ) -> Result<RunReport, PackagesError> {
        let packages = self.packages.of(&run.tenant).await?;
        let policy = self.network.policy(run.allow.clone(), run.limits());
        let http = self.egress.session(policy);
        let limits = run.limits().clone();
        let script = run.script.with_packages(packages);
        let report = self
            .sandbox
            .run(&script, Purpose::Run, &limits, http, sink)
            .await;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_leaves_the_script_time_to_report_it() {
        let timeout = |seconds| {
            let limits = RunLimits {
                wall_time: Duration::from_secs(seconds),
                ..RunLimits::default()
            };
            let policy = Network::default().policy(Vec::new(), &limits);
            policy.limits.request_timeout
        };
        assert_eq!(timeout(120), Duration::from_secs(115));
        assert_eq!(timeout(30), EgressLimits::DEFAULT_REQUEST_TIMEOUT);
        assert_eq!(timeout(1), EgressLimits::DEFAULT_REQUEST_TIMEOUT);
    }
}
