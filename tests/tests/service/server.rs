//! A service of a test's own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use codehook_tests::program::{Program, signal, spawn};
use serde_json::{Value, json};
use ureq::Agent;

/// So long a start, a run or an end may take on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Data on disk, and the process that serves it.
pub(crate) struct Service {
    program: Program,
    options: Vec<String>,
    child: Option<Child>,
    data: PathBuf,
    /// The store of the tenants' packages.
    packages: PathBuf,
    /// The lines of the process's log, each once.
    log: mpsc::Receiver<String>,
    pub(crate) client: Client,
}

/// Speaks to a service with one API key.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) content: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of an answer with this status.
    pub(crate) fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The detail of a problem with this status.
    pub(crate) fn problem(self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.content, "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem["detail"].as_str().expect("a detail").to_owned()
    }
}

impl Client {
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    pub(crate) fn without_key(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// Any request; none where nobody answers.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let mut response = self.agent.run(request).ok()?;
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("text").to_owned())
        };
        let (etag, retry_after) = (header("etag"), header("retry-after"));
        let content = header("content-type").unwrap_or_default();
        Some(Answer {
            status: response.status().as_u16(),
            etag,
            content,
            retry_after,
            text: response.body_mut().read_to_string().ok()?,
        })
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .expect("an answer")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body.to_string().as_bytes())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], body.to_string().as_bytes())
    }

    /// A stream of server-sent events.
    pub(crate) fn stream(&self, path: &str) -> impl Read + use<> {
        let key = self.key.as_deref().unwrap_or_default();
        let response = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {key}"))
            .call()
            .expect("an answer");
        assert_eq!(response.status(), 200);
        response.into_body().into_reader()
    }

    /// Where the service listens, and the key that is used.
    pub(crate) fn address(&self) -> (&str, &str) {
        (&self.base, self.key.as_deref().unwrap_or_default())
    }

    /// Makes a hook of tenant `acme` and publishes it.
    pub(crate) fn publish(&self, name: &str, draft: Value) {
        let new = json!({"name": name, "draft": draft});
        self.post("/v1/tenants/acme/hooks", &new).with(201);
        self.post(
            &format!("/v1/tenants/acme/hooks/{name}/publish"),
            &json!({}),
        )
        .with(200);
    }

    /// Sends an event of tenant `acme`; its receipt.
    pub(crate) fn event(&self, event: &Value) -> Value {
        self.post("/v1/tenants/acme/events", event).with(202)
    }

    /// Waits for a run's end; the run with its attempts.
    pub(crate) fn ended(&self, run: &Value) -> Value {
        let run = run.as_str().expect("an identifier");
        self.wait(&format!("/v1/tenants/acme/runs/{run}"), |run| {
            !run["ended_at"].is_null()
        })
    }

    /// Waits until what is at `path` is as it should be.
    pub(crate) fn wait(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let now = self.get(path).with(200);
            if is_so(&now) {
                return now;
            }
            assert!(started.elapsed() < SOON, "{now}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Service {
    /// With tenants `acme` and `other`, as their operator.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&str]) -> Self {
        let program = Program::new();
        let (data, packages) = (program.path("data"), program.path("packages"));
        Self::begin(program, data, packages, options)
    }

    /// With packages of the caller's.
    pub(crate) fn start_with_packages(packages: PathBuf, options: &[&str]) -> Self {
        let program = Program::new();
        let data = program.path("data");
        Self::begin(program, data, packages, options)
    }

    /// With its data in a directory of the caller's.
    pub(crate) fn start_in(data: PathBuf) -> Self {
        let program = Program::new();
        let packages = program.path("packages");
        Self::begin(program, data, packages, &[])
    }

    fn begin(program: Program, data: PathBuf, packages: PathBuf, options: &[&str]) -> Self {
        let mut service = Self {
            program,
            options: options.iter().map(ToString::to_string).collect(),
            child: None,
            data,
            packages,
            log: mpsc::channel().1,
            client: Client {
                agent: Agent::config_builder()
                    .http_status_as_error(false)
                    .timeout_global(Some(SOON))
                    .build()
                    .new_agent(),
                base: String::new(),
                key: None,
            },
        };
        service.restart();
        let key =
            fs::read_to_string(service.data.join("operator-key")).expect("the operator's key");
        service.client.key = Some(key.trim().to_owned());
        for tenant in ["acme", "other"] {
            service
                .client
                .post("/v1/tenants", &json!({"id": tenant}))
                .with(201);
        }
        service
    }

    /// Starts the process on the data that is there.
    pub(crate) fn restart(&mut self) {
        let data = self.data.to_str().expect("UTF-8");
        let mut arguments = vec!["serve", "--data-dir", data, "--listen", "127.0.0.1:0"];
        arguments.extend(self.options.iter().map(String::as_str));
        let mut command: Command = self.program.command(&arguments);
        command.env("CODEHOOK_PACKAGES_DIR", &self.packages);
        let mut child = spawn(command.stdout(Stdio::null()));
        let (sender, receiver) = mpsc::channel();
        let said = BufReader::new(child.stderr.take().expect("a pipe"));
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                assert!(!line.contains("panicked"), "{line}");
                let _ = sender.send(line);
            }
        });
        self.log = receiver;
        let listens = self.logged("listening on ");
        let (_, address) = listens.split_once("listening on ").expect("it is there");
        self.client.base = address.to_owned();
        self.child = Some(child);
    }

    /// Waits until the process writes a line with this text to its log; the line.
    pub(crate) fn logged(&self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let left = SOON.saturating_sub(started.elapsed());
            let line = self.log.recv_timeout(left);
            let line = line.unwrap_or_else(|error| panic!("no line with {text:?}: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// A key of `tenant` with these scopes.
    pub(crate) fn key(&self, tenant: &str, scopes: &[&str]) -> Client {
        let new = json!({"name": "test", "scopes": scopes});
        let made = self
            .client
            .post(&format!("/v1/tenants/{tenant}/keys"), &new)
            .with(201);
        self.client.with_key(made["key"].as_str().expect("a key"))
    }

    /// Kills the process, which writes nothing more. What it has written already stays with the operating system.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }

    /// Asks the process to end, and waits for it.
    pub(crate) fn terminate(&mut self) {
        let mut child = self.child.take().expect("it runs");
        signal(child.id(), "TERM");
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0));
    }

    /// Copies its database; a data directory with the copy and the master key.
    pub(crate) fn backup(&self) -> PathBuf {
        let copy = self.program.path("copy");
        fs::create_dir(&copy).expect("a directory");
        let data = self.data.to_str().expect("UTF-8");
        let file = copy.join("codehook.sqlite");
        let file = file.to_str().expect("UTF-8");
        let mut command = self.program.command(&["backup", "--data-dir", data, file]);
        let ended = command.output().expect("it starts");
        assert!(ended.status.success(), "{ended:?}");
        fs::copy(self.data.join("master-key"), copy.join("master-key")).expect("the master key");
        copy
    }

    /// A service on a copy of another one's data.
    pub(crate) fn restored(of: &Self, data: PathBuf) -> Self {
        let mut service = Self {
            program: Program::new(),
            options: Vec::new(),
            child: None,
            data,
            packages: of.packages.clone(),
            log: mpsc::channel().1,
            client: of.client.clone(),
        };
        service.restart();
        service
    }

    /// Where `--packages-dir store` is.
    pub(crate) fn store(&self) -> PathBuf {
        self.program.path("store")
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
