//! API keys of services that were logged in to: in a file for its owner alone.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Failure, Target};

const FILE: &str = "credentials.toml";

/// One login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) server: String,
    pub(super) tenant: String,
    key: String,
}

/// All logins, the last one at the end.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Credentials {
    login: Vec<Login>,
}

fn directory() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|config| config.join("codehook"))
        .ok_or_else(|| {
            Failure::Refused("neither XDG_CONFIG_HOME nor HOME is set: set one of them".to_owned())
        })
}

impl Credentials {
    /// As they are on disk; none, where there is no file.
    pub(super) fn read() -> Result<Self, Failure> {
        let Ok(directory) = directory() else {
            return Ok(Self::default());
        };
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::file(&path, error)),
        };
        let mode = fs::metadata(&path)
            .map_err(|error| Failure::file(&path, error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(Failure::file(
                &path,
                "others can read it, and it holds API keys: chmod 600 it, and think about replacing the keys",
            ));
        }
        // The message of a parser would show the line, with the key.
        toml::from_str(&text)
            .map_err(|_| Failure::file(&path, "damaged: delete it, and log in again"))
    }

    fn write(&self) -> Result<PathBuf, Failure> {
        let directory = directory()?;
        let path = directory.join(FILE);
        let failed = |error: std::io::Error| Failure::file(&path, error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(failed)?;
        let text = toml::to_string(self).map_err(|error| Failure::file(&path, error))?;
        // A temporary file is for its owner alone from the beginning.
        let mut file = NamedTempFile::new_in(&directory).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file()
            .set_permissions(Permissions::from_mode(0o600))
            .map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path)
    }

    /// The last login, of `server` if one is given.
    pub(super) fn last(&self, server: Option<&str>) -> Option<&Login> {
        let wanted = server.map(|server| server.trim_end_matches('/'));
        let mut logins = self.login.iter().rev();
        logins.find(|login| wanted.is_none_or(|wanted| wanted == login.server))
    }

    pub(super) fn key(&self, target: &Target) -> Option<String> {
        let found = self.login.iter().find(|login| login.is_for(target))?;
        Some(found.key.clone())
    }

    /// Keeps a key; where.
    pub(super) fn add(mut self, target: &Target, key: String) -> Result<PathBuf, Failure> {
        self.login.retain(|login| !login.is_for(target));
        self.login.push(Login {
            server: target.server.clone(),
            tenant: target.tenant.clone(),
            key,
        });
        self.write()
    }

    /// Forgets a key; whether there was one.
    pub(super) fn remove(mut self, target: &Target) -> Result<bool, Failure> {
        let before = self.login.len();
        self.login.retain(|login| !login.is_for(target));
        if self.login.len() == before {
            return Ok(false);
        }
        self.write().map(|_| true)
    }
}

impl Login {
    fn is_for(&self, target: &Target) -> bool {
        self.server == target.server && self.tenant == target.tenant
    }
}
