//! The interpreter that a sandbox runs.

use sha2::{Digest, Sha256};

use crate::checks::{self, OwnCalls};
use crate::precompiled::Precompiled;

/// An initialised interpreter: a WebAssembly core module, WASI preview 1, that exports what `docs/guest-abi.md` asks for.
#[derive(Debug, Clone, Copy)]
pub struct Interpreter<'a> {
    pub(crate) wasm: &'a [u8],
    pub(crate) sha256: [u8; 32],
    pub(crate) own_calls: OwnCalls,
    pub(crate) precompiled: Option<&'a Precompiled>,
}

impl<'a> Interpreter<'a> {
    /// The interpreter in `wasm`.
    pub fn new(wasm: &'a [u8]) -> Self {
        Self::with_digest(wasm, Sha256::digest(wasm).into())
    }

    /// The same where the SHA-256 of `wasm` is known, which saves some ten milliseconds of a start. It names the compiled code in
    /// a cache: with a wrong one, another interpreter's code would be taken.
    pub fn with_digest(wasm: &'a [u8], sha256: [u8; 32]) -> Self {
        Self {
            wasm,
            sha256,
            own_calls: OwnCalls::Ignored,
            precompiled: None,
        }
    }

    /// Relies on the interpreter's own calls of `codehook.give_way`: loops that such a call stands in get no other check. The
    /// interpreter's author answers for it that a call is on every way around them that may be taken for ever, whatever the
    /// interpreter's memory holds. Without this, its calls are calls like others and every loop is checked.
    #[must_use]
    pub fn giving_way_by_itself(mut self) -> Self {
        self.own_calls = OwnCalls::Trusted;
        self
    }

    /// Names its code as it is compiled by whatever engine, which adds its own settings: the one place where all that this crate does
    /// to the code is accounted for.
    pub(crate) fn code_key(&self) -> Sha256 {
        let trusted = self.own_calls == OwnCalls::Trusted;
        Sha256::new()
            .chain_update(checks::VERSION.to_le_bytes())
            .chain_update([u8::from(trusted)])
            .chain_update(self.sha256)
    }

    /// Starts from code that was compiled before, where it is of this interpreter and this version of the engine and the machine
    /// can run it. Otherwise the interpreter is compiled as if there were none.
    #[must_use]
    pub fn with_precompiled(mut self, precompiled: &'a Precompiled) -> Self {
        self.precompiled = Some(precompiled);
        self
    }
}
