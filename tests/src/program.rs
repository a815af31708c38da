//! The real program, in a directory of its own: its scripts and events, its TMPDIR, and what it leaves there.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use crate::{cache_home, workspace};
use serde_json::Value;
use tempfile::TempDir;

/// No run here may take that long, not even one that compiles the interpreter on a busy machine.
const GIVE_UP: Duration = Duration::from_secs(120);
/// What the program calls the directories in which it keeps the runs' `/tmp`.
const RUN_DIRECTORY: &str = "codehook-tmp-";

/// The program, with a directory that no other test uses.
pub struct Program {
    directory: TempDir,
    cache_home: PathBuf,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl Ended {
    /// It ended with this exit code, and has these words on standard error.
    #[track_caller]
    pub fn says(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(words), "{words:?} is not in {self:?}");
    }

    /// What `--json` printed: one JSON object, on one line, and nothing else.
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{self:?}");
        assert!(self.stdout.ends_with('\n'), "{self:?}");
        let report: Value = serde_json::from_str(&self.stdout).expect("one JSON object");
        assert!(report.is_object(), "{self:?}");
        report
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// With the compiled interpreter that all tests share.
    pub fn new() -> Self {
        static CACHE_HOME: OnceLock<PathBuf> = OnceLock::new();
        let cache_home = CACHE_HOME.get_or_init(|| {
            let shared = cache_home();
            fs::create_dir_all(&shared).expect("target/ is writable");
            let ended = Self::with_cache_home(&shared).run_source("pass\n", &[]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            shared
        });
        Self::with_cache_home(cache_home)
    }

    /// With another `XDG_CACHE_HOME`.
    pub fn with_cache_home(cache_home: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("tmp")).expect("a directory");
        Self {
            directory,
            cache_home: cache_home.to_owned(),
        }
    }

    /// The program's TMPDIR.
    pub fn tmp(&self) -> PathBuf {
        self.directory.path().join("tmp")
    }

    /// A place in the program's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file; its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.directory.path().join(name);
        fs::write(&path, content).expect("the directory is writable");
        path.to_str().expect("a UTF-8 path").to_owned()
    }

    /// The arguments that run `source` for an empty event.
    pub fn run_arguments(&self, source: &str, options: &[&str]) -> Vec<String> {
        let hook = self.file("hook.py", source);
        let event = self.file("event.json", "{}");
        let mut arguments = vec!["run".to_owned(), hook, "--event".to_owned(), event];
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        arguments
    }

    /// The program with these arguments, an environment of its own and nothing on standard input.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        self.command_of(&binary(), arguments)
    }

    /// The same with another copy of the program.
    pub fn command_of<S: AsRef<OsStr>>(&self, program: &Path, arguments: &[S]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("XDG_CACHE_HOME", &self.cache_home)
            .env("TMPDIR", self.tmp())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `source` for an empty event.
    pub fn run_source(&self, source: &str, options: &[&str]) -> Ended {
        self.run(&self.run_arguments(source, options))
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        self.finish(self.command(arguments))
    }

    /// Runs the program to its end with `input` on its standard input.
    pub fn run_with_input<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Ended {
        let mut child = spawn(self.command(arguments).stdin(Stdio::piped()));
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("it is read");
        drop(stdin);
        self.wait(child)
    }

    /// Runs a command of this program to its end.
    pub fn finish(&self, mut command: Command) -> Ended {
        self.wait(spawn(&mut command))
    }

    /// Waits for the end, which leaves nothing in TMPDIR and is never a panic.
    pub fn wait(&self, child: Child) -> Ended {
        let ended = wait(child);
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        assert_eq!(self.run_directories(), 0, "{ended:?}");
        ended
    }

    /// How many directories for the runs' `/tmp` there are.
    pub fn run_directories(&self) -> usize {
        let entries = fs::read_dir(self.tmp()).expect("the TMPDIR is there");
        entries
            .map(|entry| entry.expect("an entry").file_name())
            .filter(|name| name.to_string_lossy().starts_with(RUN_DIRECTORY))
            .count()
    }
}

/// Starts a command.
pub fn spawn(command: &mut Command) -> Child {
    command.spawn().expect("the program starts")
}

/// Sends a signal by its name.
pub fn signal(id: u32, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {id}")])
        .status()
        .expect("there is a shell");
    assert!(status.success(), "kill -{name} {id}");
}

/// A file of the fixtures.
pub fn fixture(name: &str) -> String {
    let path = workspace().join("fixtures").join(name);
    path.to_str().expect("a UTF-8 path").to_owned()
}

/// The program under test. It lies beside the directory of this test's own binary, where
/// `cargo test --workspace` builds it before it runs a test.
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let profile = own.ancestors().nth(2).expect("a profile's directory");
    let binary = profile.join("codehook");
    assert!(
        binary.is_file(),
        "{} is missing: build the whole workspace, as `cargo test --release --workspace` does",
        binary.display()
    );
    binary
}

fn wait(child: Child) -> Ended {
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(GIVE_UP).unwrap_or_else(|_| {
        signal(id, "KILL");
        panic!("the program did not end within {GIVE_UP:?}")
    });
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("its output can be read");
    Ended {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
