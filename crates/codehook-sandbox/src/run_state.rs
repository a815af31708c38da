//! State of one run that host functions use. It is created for the run and dropped with it.

use std::sync::Arc;

use codehook_api_types::{OutputStream, RetryDirective};
use codehook_egress::Session;
use wasmtime::{Caller, Extern, Memory, ResourceLimiter};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::abi::MEMORY;
use crate::fs::{GuestFs, LayeredLibrary, ScriptFile, Tmp, TmpRoot};
use crate::library::Library;
use crate::limits::RunLimits;
use crate::output::{Capture, OutputSink};
use crate::redaction::Secrets;
use crate::retry::Attempt;

/// State of one instance on the host's side.
pub struct GuestState {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) fs: GuestFs,
    pub(crate) stdout: Capture,
    pub(crate) stderr: Capture,
    /// `None` while the interpreter is snapshotted: no request may be made then.
    pub(crate) http: Option<Session>,
    pub(crate) last_error: String,
    pub(crate) attempt: Attempt,
    /// The script's last request for another attempt, or for none.
    pub(crate) asked: Option<RetryDirective>,
    pub(crate) memory_limit: MemoryLimit,
    /// Fuel that the guest may use, if fuel is counted.
    pub(crate) fuel: Option<u64>,
    pub(crate) memory: Option<Memory>,
    /// Whether a protected call is under way.
    pub(crate) in_protected_call: bool,
}

/// Parts of a new state.
pub(crate) struct StateParts {
    pub(crate) library: LayeredLibrary,
    pub(crate) script: Option<ScriptFile>,
    pub(crate) tmp_root: TmpRoot,
    pub(crate) limits: RunLimits,
    pub(crate) secrets: Secrets,
    pub(crate) sink: Option<OutputSink>,
    pub(crate) http: Option<Session>,
    pub(crate) attempt: Attempt,
}

impl GuestState {
    pub(crate) fn new(parts: StateParts) -> Self {
        let StateParts {
            library,
            script,
            tmp_root,
            limits,
            secrets,
            sink,
            http,
            attempt,
        } = parts;
        let tmp = Tmp::new(tmp_root, limits.tmp_bytes, limits.tmp_files);
        Self {
            // No argument, no environment, no preopened directory, no socket.
            wasi: WasiCtxBuilder::new().build_p1(),
            fs: GuestFs::new(library, script, tmp, limits.open_files),
            stdout: Capture::new(
                OutputStream::Stdout,
                &secrets,
                limits.output_bytes,
                sink.clone(),
            ),
            stderr: Capture::new(OutputStream::Stderr, &secrets, limits.output_bytes, sink),
            http,
            last_error: String::new(),
            attempt,
            asked: None,
            fuel: limits.fuel,
            memory_limit: MemoryLimit {
                bytes: limits.memory_bytes,
                peak: 0,
                refused: false,
            },
            memory: None,
            in_protected_call: false,
        }
    }

    /// Returns the state in which an interpreter is snapshotted: the library and an empty `/tmp`, no HTTP. Output goes
    /// to `show`.
    ///
    /// # Errors
    ///
    /// When no directory for `/tmp` can be created.
    pub fn for_snapshot(library: Arc<Library>, show: OutputSink) -> std::io::Result<Self> {
        Ok(Self::new(StateParts {
            library: LayeredLibrary::new(library, None),
            script: None,
            tmp_root: TmpRoot::new(&std::env::temp_dir())?,
            limits: RunLimits::default(),
            secrets: Secrets::default(),
            sink: Some(show),
            http: None,
            attempt: Attempt::default(),
        }))
    }
}

/// Returns the instance's memory, which is looked up once.
pub(crate) fn memory_of(caller: &mut Caller<'_, GuestState>) -> Option<Memory> {
    if let Some(memory) = caller.data().memory {
        return Some(memory);
    }
    let Some(Extern::Memory(memory)) = caller.get_export(MEMORY) else {
        return None;
    };
    caller.data_mut().memory = Some(memory);
    Some(memory)
}

/// The most elements of a table: more than twice the functions that the interpreter calls through its table.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Limiter that refuses growth past a run's limit. The interpreter then raises `MemoryError`.
pub(crate) struct MemoryLimit {
    bytes: usize,
    pub(crate) peak: usize,
    pub(crate) refused: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.bytes.min(RunLimits::MAX_MEMORY_BYTES);
        if allowed {
            self.peak = self.peak.max(desired);
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum))
    }
}
