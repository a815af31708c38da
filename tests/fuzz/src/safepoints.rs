//! Random programs, with and without safepoints: they compute the same, and safepoints are as close as
//! [`codehook_safepoints`] promises.

mod bound;
mod program;

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use codehook_safepoints::{Names, NativeYields, insert};
use wasmtime::{
    Caller, Config, Engine, Global, Instance, Linker, Memory, Module, OptLevel, Store, Trap,
    UpdateDeadline, Val, WasmBacktrace,
};

use bound::Bounds;

const NAMES: Names<'static> = Names {
    module: "host",
    yield_now: "yield_now",
    terminates: "terminates",
    last_epoch: "last_epoch",
};

/// The most instructions of a program without safepoints. One that executes more counts as endless.
const FUEL: u64 = 2_000_000;
/// A program with safepoints executes so many times the instructions of the one without, at most.
const FACTOR: u64 = 16;
/// The most yields of a program; safepoints after that do not yield any more.
const MAX_YIELDS: u32 = 1000;
/// The most frames of a program: its budget bounds the depth of its calls.
const MAX_FRAMES: usize = 1000;

/// Takes a program, in the byte code of `program`.
///
/// # Panics
/// When safepoints change what the program computes, or two of them are further apart than they may be.
pub fn safepoints(data: &[u8]) {
    let wasm = program::module(data, &NAMES);
    let plain = run_with_epochs(&wasm);
    for native_yields in [NativeYields::Ignored, NativeYields::Trusted] {
        let instrumented = insert(&wasm, &NAMES, native_yields).expect("a valid module");
        if let Some(plain) = &plain {
            let found = run_with_safepoints(&instrumented, native_yields, true);
            assert_eq!(found.as_ref(), Some(plain), "{native_yields:?}");
        } else if native_yields == NativeYields::Ignored {
            run_with_safepoints(&instrumented, native_yields, false);
        }
    }
}

/// Everything that can be observed of a program that has ended.
#[derive(PartialEq, Eq)]
struct Ended {
    trap: Option<Trap>,
    globals: Vec<i32>,
    memory: Vec<u8>,
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let written = self.memory.iter().filter(|byte| **byte != 0).count();
        write!(f, "{:?} {:?}, {written} bytes", self.trap, self.globals)
    }
}

impl Ended {
    fn of<T>(store: &mut Store<T>, instance: &Instance, trap: Option<Trap>) -> Self {
        let memory: Memory = instance.get_memory(&mut *store, "memory").expect("memory");
        let globals = ["number", "budget"].map(|name| {
            let global: Global = instance.get_global(&mut *store, name).expect("a global");
            global.get(&mut *store).unwrap_i32()
        });
        Self {
            trap,
            globals: globals.to_vec(),
            memory: memory.data(&*store).to_vec(),
        }
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::None)
        .consume_fuel(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(MAX_FRAMES));
    config
}

/// Runs a program with wasmtime's own epochs, each of whose checks finds a new epoch. Returns `None` if it does not
/// end.
fn run_with_epochs(wasm: &[u8]) -> Option<Ended> {
    static ENGINE: LazyLock<Engine> =
        LazyLock::new(|| Engine::new(config().epoch_interruption(true)).expect("an engine"));
    let module = Module::new(&ENGINE, wasm).expect("a valid module");
    let mut linker = Linker::new(&ENGINE);
    linker
        .func_wrap(NAMES.module, NAMES.yield_now, || ())
        .expect("a function");
    linker
        .func_wrap(NAMES.module, NAMES.terminates, || 0)
        .expect("a function");
    let mut store = Store::new(&ENGINE, ());
    store.set_fuel(FUEL).expect("fuel is counted");
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(0)));
    let instance = linker
        .instantiate(&mut store, &module)
        .expect("all imports are there");
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .expect("an entry");
    let trap = run
        .call(&mut store, ())
        .err()
        .map(|error| *error.downcast_ref::<Trap>().expect("a trap"));
    (trap != Some(Trap::OutOfFuel)).then(|| Ended::of(&mut store, &instance, trap))
}

/// Progress of a program with safepoints.
struct Watched {
    /// `None` where native yields are trusted: such a program warrants for itself that it yields.
    bounds: Option<Bounds>,
    /// Whether the fuel is the bound of the next distance, and not a limit of the test's own.
    strict: bool,
    yields: u32,
    ends: bool,
}

/// The program yields so often that no more is to be learnt from it.
#[derive(Debug, thiserror::Error)]
#[error("stopped after {MAX_YIELDS} yields")]
struct Stopped;

/// Runs a program with safepoints that yield always. `ends` says whether it ends without them. Returns `None` if it is
/// stopped.
fn run_with_safepoints(wasm: &[u8], native_yields: NativeYields, ends: bool) -> Option<Ended> {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&config()).expect("an engine"));
    let bounds = match native_yields {
        NativeYields::Ignored => Some(Bounds::of(wasm)),
        NativeYields::Trusted => None,
    };
    let module = Module::new(&ENGINE, bound::yielding_always(wasm)).expect("a valid module");
    let mut linker = Linker::new(&ENGINE);
    linker
        .func_wrap(
            NAMES.module,
            NAMES.yield_now,
            |mut caller: Caller<'_, Watched>| on_yield(&mut caller),
        )
        .expect("a function");
    linker
        .func_wrap(NAMES.module, NAMES.terminates, || 0)
        .expect("a function");
    let mut store = Store::new(
        &ENGINE,
        Watched {
            bounds,
            strict: false,
            yields: 0,
            ends,
        },
    );
    // The start of the program is a safepoint without frames.
    let first = store.data().bounds.as_ref().map(Bounds::of_entry);
    let fuel = grant(store.data_mut(), first);
    store.set_fuel(fuel).expect("fuel is counted");
    let instance = linker
        .instantiate(&mut store, &module)
        .expect("all imports are there");
    let last_epoch = instance
        .get_global(&mut store, NAMES.last_epoch)
        .expect("the global of safepoints");
    last_epoch
        .set(&mut store, Val::I32(1))
        .expect("a number that may change");
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .expect("an entry");
    let result = run.call(&mut store, ());
    let left = store.get_fuel().expect("fuel is counted");
    assert_close_enough(store.data(), left);
    match result {
        Err(error) if error.is::<Stopped>() => None,
        Err(error) => {
            let trap = *error.downcast_ref::<Trap>().expect("a trap");
            (trap != Trap::OutOfFuel).then(|| Ended::of(&mut store, &instance, Some(trap)))
        }
        Ok(()) => Some(Ended::of(&mut store, &instance, None)),
    }
}

/// Checks the distance since the last yield, and grants the fuel for the next.
fn on_yield(caller: &mut Caller<'_, Watched>) -> wasmtime::Result<()> {
    let left = caller.get_fuel()?;
    assert_close_enough(caller.data(), left);
    caller.data_mut().yields += 1;
    if caller.data().yields >= MAX_YIELDS {
        if !caller.data().ends {
            return Err(Stopped.into());
        }
        // What is left is not measured: safepoints find the epoch that they have seen.
        if let Some(last_epoch) = caller.get_export(NAMES.last_epoch) {
            let global = last_epoch.into_global().expect("a global");
            global.set(&mut *caller, Val::I32(0))?;
        }
        caller.data_mut().strict = false;
        return caller.set_fuel(FUEL * FACTOR);
    }
    let bound = caller.data().bounds.as_ref().map(|bounds| {
        let frames = WasmBacktrace::capture(&*caller);
        let functions = frames.frames().iter().map(|frame| frame.func_index());
        bounds.of_frames(functions)
    });
    let fuel = grant(caller.data_mut(), bound);
    caller.set_fuel(fuel)
}

/// Returns the fuel for a distance of at most `bound`, and notes whether it is less than the test's own limit.
fn grant(watched: &mut Watched, bound: Option<u64>) -> u64 {
    let limit = FUEL * FACTOR;
    watched.strict = bound.is_some_and(|bound| bound < limit);
    bound.unwrap_or(limit).min(limit)
}

/// wasmtime looks at the fuel only now and then, and reports none when more than all was used.
fn assert_close_enough(watched: &Watched, left: u64) {
    assert!(
        !watched.strict || left > 0,
        "two safepoints are further apart than the bound, after {} yields",
        watched.yields
    );
}
