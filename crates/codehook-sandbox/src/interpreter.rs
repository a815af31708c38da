//! The interpreter that a sandbox runs.

use codehook_safepoints::{NativeYields, VERSION};
use sha2::{Digest, Sha256};

use crate::precompiled::Precompiled;

/// An initialised interpreter: a WebAssembly core module, WASI preview 1, that exports what `docs/guest-abi.md` asks
/// for.
#[derive(Debug, Clone, Copy)]
pub struct Interpreter<'a> {
    pub(crate) wasm: &'a [u8],
    pub(crate) sha256: [u8; 32],
    pub(crate) native_yields: NativeYields,
    pub(crate) precompiled: Option<&'a Precompiled>,
}

impl<'a> Interpreter<'a> {
    /// Returns the interpreter in `wasm`.
    pub fn new(wasm: &'a [u8]) -> Self {
        Self::with_digest(wasm, Sha256::digest(wasm).into())
    }

    /// Returns the interpreter in `wasm`, whose SHA-256 is known: that saves some ten milliseconds of a start. The
    /// digest is part of the key of compiled code: with a wrong one, another interpreter's code would be loaded.
    pub fn with_digest(wasm: &'a [u8], sha256: [u8; 32]) -> Self {
        Self {
            wasm,
            sha256,
            native_yields: NativeYields::Ignored,
            precompiled: None,
        }
    }

    /// Trusts the interpreter's own calls of `codehook.yield_now`: loops around such a call get no other safepoints.
    /// The interpreter's author warrants that a call is on every path around them that may be taken without end,
    /// whatever the interpreter's memory holds. By default its calls are calls like any other, and every loop gets
    /// safepoints.
    #[must_use]
    pub fn with_native_yields(mut self) -> Self {
        self.native_yields = NativeYields::Trusted;
        self
    }

    /// Returns a hash of all that determines its compiled code but wasmtime and its settings. The one place that
    /// accounts for what this crate does to the code.
    pub(crate) fn code_key(&self) -> Sha256 {
        let trusted = self.native_yields == NativeYields::Trusted;
        Sha256::new()
            .chain_update(VERSION.to_le_bytes())
            .chain_update([u8::from(trusted)])
            .chain_update(self.sha256)
    }

    /// Loads this code, if it is this interpreter's, of this version of the engine, and can run on the machine.
    /// Otherwise the interpreter is compiled.
    #[must_use]
    pub fn with_precompiled(mut self, precompiled: &'a Precompiled) -> Self {
        self.precompiled = Some(precompiled);
        self
    }
}
