//! Starts the interpreter with the compiled code that came with the program, or with that of a cache which can be
//! trusted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use codehook_python::RUNTIME;
use codehook_sandbox::{CompiledCache, Metering, Sandbox, SandboxConfig};

use crate::hardening::{self, Permissions};
use crate::terminal::{self, Format};

/// A sandbox for one run at a time. Blocks for some seconds when the interpreter has to be compiled: to count fuel,
/// say.
///
/// With `permissions`, the process keeps those, its cache and its directory for temporary files, and gives up
/// everything else for good; and no core dump of it is written any more.
pub(crate) fn start(
    cache_directory: Option<&Path>,
    metering: Metering,
    format: Format,
    permissions: Option<Permissions>,
) -> anyhow::Result<Sandbox> {
    start_many(cache_directory, format, permissions, |config| {
        config.metering = metering;
    })
}

/// The same with settings of one's own.
pub(crate) fn start_many(
    cache_directory: Option<&Path>,
    format: Format,
    permissions: Option<Permissions>,
    configure: impl FnOnce(&mut SandboxConfig),
) -> anyhow::Result<Sandbox> {
    let cache = open_cache(cache_directory);
    // Opened before the process gives up its rights.
    let runtime = codehook_python::runtime()?;
    let confined = permissions.map(|mut permissions| {
        permissions.writable.push(std::env::temp_dir());
        permissions
            .writable
            .extend(cache.iter().map(|cache| cache.directory().to_owned()));
        hardening::confine(&permissions)
    });
    let how_often = match cache {
        Ok(_) => "once, a few seconds",
        Err(_) => "a few seconds, at every start without a cache",
    };
    // Of interest only to somebody who has to wait for want of it.
    let no_cache = cache.as_ref().err().cloned();
    let mut config = SandboxConfig {
        cache: cache.ok(),
        ..SandboxConfig::new(RUNTIME)
    };
    configure(&mut config);
    let library = runtime.library().context("the library of the runtime")?;
    let mut compiling_since = None;
    let compiling = || {
        compiling_since = Some(Instant::now());
        if let Some(reason) = &no_cache {
            terminal::note(reason);
        }
        if format.wants_progress() {
            terminal::note(&format!(
                "compiling the {RUNTIME} interpreter ({how_often})..."
            ));
        }
    };
    let sandbox = Sandbox::new(config, &runtime.interpreter(), library, compiling)?;
    if let Some(since) = compiling_since
        && format.wants_progress()
    {
        terminal::note(&format!("done in {:.1} s", since.elapsed().as_secs_f64()));
    }
    if confined.is_some() {
        hardening::never_dump();
    }
    Ok(sandbox)
}

/// Where compiled code is kept: the given directory, or the user's own cache. `None` without a home.
pub(crate) fn cache_directory(
    given: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    given.map(Path::to_owned).or_else(|| {
        absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|cache| cache.join("codehook"))
    })
}

/// The cache, or why there is none.
fn open_cache(given: Option<&Path>) -> Result<CompiledCache, String> {
    let directory = cache_directory(given, |name| std::env::var_os(name))
        .ok_or("no place for a cache, as HOME is not set: name one with `--cache-dir DIR`")?;
    CompiledCache::open(&directory).map_err(|error| format!("going on without a cache: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(given: Option<&str>, variables: &[(&str, &str)]) -> Option<PathBuf> {
        cache_directory(given.map(Path::new), |name| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_cache_is_where_it_was_asked_for_or_where_caches_are() {
        let both = [("XDG_CACHE_HOME", "/xdg"), ("HOME", "/home/ann")];
        assert_eq!(directory(Some("here"), &both), Some("here".into()));
        assert_eq!(directory(None, &both), Some("/xdg/codehook".into()));
        assert_eq!(
            directory(None, &both[1..]),
            Some("/home/ann/.cache/codehook".into())
        );
        assert_eq!(directory(None, &[]), None);
    }

    #[test]
    fn a_relative_cache_home_is_ignored_as_the_convention_says() {
        let variables = [("XDG_CACHE_HOME", "cache"), ("HOME", "/home/ann")];
        assert_eq!(
            directory(None, &variables),
            Some("/home/ann/.cache/codehook".into())
        );
    }
}
