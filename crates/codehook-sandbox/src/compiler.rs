//! Compiles interpreters: the settings of the compiler, safepoints, and code for other machines.
//!
//! [`precompile`] compiles for every processor of the platform, not for the one at hand: on x86-64 for the level v2 of
//! the psABI, which all servers since about 2009 have. docs/performance.md says what that costs.

use codehook_safepoints::insert;
use sha2::Digest;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel};

use crate::abi::SAFEPOINT_NAMES;
use crate::error::SandboxError;
use crate::interpreter::Interpreter;
use crate::memory::{Image, InitialData, separate};

/// Native stack that WebAssembly code may use. It must hold what the guest's own stack of 16 MiB admits: the guest
/// checks its stack and raises `RuntimeError`; this limit is a second line of defence.
const NATIVE_STACK_BYTES: usize = 48 * 1024 * 1024;
/// Additional bytes of the same stack for host functions.
const HOST_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Reserved for each memory: what 32 bits can address.
pub(crate) const WASM_ADDRESS_SPACE: u64 = 4 * 1024 * 1024 * 1024;
/// Guard before and after each memory: an access whose static offset is below this needs no bounds check.
pub(crate) const MEMORY_GUARD_BYTES: u64 = 32 * 1024 * 1024;

/// Quantities that compiled code counts while it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Metering {
    /// Nothing; processor time is taken from the system's clocks.
    #[default]
    Time,
    /// Fuel as well, which takes about a quarter more time.
    Fuel,
}

/// Returns the settings that determine compiled code, whatever machine it is compiled on.
pub(crate) fn compiler_config(metering: Metering) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_branch_hinting(true)
        .consume_fuel(metering == Metering::Fuel)
        .max_wasm_stack(NATIVE_STACK_BYTES)
        .async_stack_size(NATIVE_STACK_BYTES + HOST_STACK_BYTES)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_init_cow(false)
        // All that 32 bits can address: compiled code then needs no bounds checks.
        .memory_reservation(WASM_ADDRESS_SPACE)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .memory_may_move(false);
    config
}

/// Returns the module that is compiled for an interpreter, without data segments and with safepoints, and the content
/// of the segments.
pub(crate) fn with_safepoints(
    interpreter: &Interpreter<'_>,
) -> Result<(Vec<u8>, InitialData), SandboxError> {
    let separated =
        separate(interpreter.wasm).map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    let module = insert(
        &separated.module,
        &SAFEPOINT_NAMES,
        interpreter.native_yields,
    )
    .map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok((module, separated.data))
}

/// Processor features of x86-64-v2 by Cranelift's names, as far as it has code for them.
#[cfg(target_arch = "x86_64")]
const BASELINE: &[&str] = &[
    "has_cmpxchg16b",
    "has_popcnt",
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
];
#[cfg(target_arch = "x86_64")]
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[cfg(target_arch = "aarch64")]
const BASELINE: &[&str] = &[];
#[cfg(target_arch = "aarch64")]
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Result of [`precompile`], to be kept in a file.
pub struct PrecompiledParts {
    /// Native code, as wasmtime writes it.
    pub code: Vec<u8>,
    /// Initial content of the interpreter's memory.
    pub image: Vec<u8>,
    /// Key of the interpreter and all that determines its code but wasmtime, which checks its own version and settings.
    pub key: [u8; 32],
}

/// Compiles `interpreter` for every machine of this platform.
///
/// # Errors
///
/// When it is not a usable interpreter.
pub fn precompile(interpreter: &Interpreter<'_>) -> Result<PrecompiledParts, SandboxError> {
    let engine = Engine::new(&baseline_config().map_err(SandboxError::Engine)?)
        .map_err(SandboxError::Engine)?;
    let (module, data) = with_safepoints(interpreter)?;
    let code = engine
        .precompile_module(&module)
        .map_err(SandboxError::Module)?;
    let mut image = Vec::new();
    Image::write(&data, &mut image)
        .map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok(PrecompiledParts {
        code,
        image,
        key: interpreter.code_key().finalize().into(),
    })
}

fn baseline_config() -> wasmtime::Result<Config> {
    let mut config = compiler_config(Metering::Time);
    config.target(TARGET)?;
    for feature in BASELINE {
        // SAFETY: these flags allow instructions. Wherever the code is loaded, wasmtime compares them with the
        // processor's features and refuses code that needs more.
        unsafe { config.cranelift_flag_enable(feature) };
    }
    Ok(config)
}
