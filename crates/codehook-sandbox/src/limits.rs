//! Limits of a run, with all defaults as constants.

use std::time::Duration;

/// Limits of one run. Each is enforced by the host, whatever the script does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLimits {
    /// Wall-clock time from the start of the script to its end, waits for HTTP and `time.sleep` included.
    pub wall_time: Duration,
    /// Fuel, about one unit for each WebAssembly instruction: a budget that does not depend on the machine. Counts only
    /// in a sandbox that meters fuel (`SandboxConfig::metering`).
    pub fuel: Option<u64>,
    /// Linear memory of the instance, in bytes; the interpreter itself takes about 30 MiB of it.
    pub memory_bytes: usize,
    /// Bytes of all files in `/tmp` together.
    pub tmp_bytes: u64,
    /// Files, directories and links in `/tmp`.
    pub tmp_files: u64,
    /// Bytes kept of each of standard output and standard error.
    pub output_bytes: usize,
    /// Descriptors open at the same time.
    pub open_files: usize,
}

impl RunLimits {
    /// 30 seconds, the product's documented limit.
    pub const DEFAULT_WALL_TIME: Duration = Duration::from_secs(30);
    /// 256 MiB.
    pub const DEFAULT_MEMORY_BYTES: usize = 256 * 1024 * 1024;
    /// The smallest memory limit in which the interpreter can start: 48 MiB.
    pub const MIN_MEMORY_BYTES: usize = 48 * 1024 * 1024;
    /// The largest memory limit: 2 GiB. No run has more, whatever its own limit says.
    pub const MAX_MEMORY_BYTES: usize = 2 * 1024 * 1024 * 1024;
    /// 64 MiB.
    pub const DEFAULT_TMP_BYTES: u64 = 64 * 1024 * 1024;
    /// Entries in `/tmp`.
    pub const DEFAULT_TMP_FILES: u64 = 1000;
    /// 1 MiB.
    pub const DEFAULT_OUTPUT_BYTES: usize = 1024 * 1024;
    /// Open descriptors.
    pub const DEFAULT_OPEN_FILES: usize = 256;
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            wall_time: Self::DEFAULT_WALL_TIME,
            fuel: None,
            memory_bytes: Self::DEFAULT_MEMORY_BYTES,
            tmp_bytes: Self::DEFAULT_TMP_BYTES,
            tmp_files: Self::DEFAULT_TMP_FILES,
            output_bytes: Self::DEFAULT_OUTPUT_BYTES,
            open_files: Self::DEFAULT_OPEN_FILES,
        }
    }
}
