//! The real binary, as a command or as a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use reqwest::header::AUTHORIZATION;

use crate::app::{PASSWORD, client_with, cookie};
use crate::backend;

/// Returns the binary with a clean environment, in `folder`, on the database there.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motion-export"));
    command.current_dir(folder).args(arguments);
    in_clean_environment(&mut command, folder);
    command
}

/// Clears the environment, except for the folder in which `make coverage` collects its data.
pub fn in_clean_environment(command: &mut Command, folder: &Path) {
    let url = if backend::is_postgres() { backend::url(folder) } else { "sqlite://test.db".to_owned() };
    command.env_clear().env("DATABASE_URL", url);
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Runs a command with an input.
pub fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = command(folder, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Creates an administrator, and returns a token.
pub fn token_of_admin(folder: &Path) -> String {
    let added = run_with_input(folder, &["user", "add", "admin", "--admin", "--password-stdin"], PASSWORD);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    String::from_utf8(succeed(folder, &["token", "create", "admin", "test"])).unwrap().trim_end().to_owned()
}

pub fn succeed(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub fn fail(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// A server, which is stopped when it is dropped.
pub struct Server {
    pub child: Child,
    pub address: String,
    /// What it printed when it was ready.
    pub greeting: String,
}

impl Server {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::run(command(folder, &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()))
    }

    /// Starts it with these settings, by their variables.
    pub fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
        for (setting, value) in settings {
            command.env(format!("MOTION_EXPORT_{setting}"), value);
        }
        Self::run(command)
    }

    /// Starts a command that serves. Its log is in `log` in its folder.
    pub fn run(mut command: Command) -> Self {
        // One arena for all threads: otherwise glibc keeps one for each thread that ever ran, and the memory of a
        // server depends on which of its threads have run.
        command.env("MALLOC_ARENA_MAX", "1");
        let log = std::fs::File::create(command.get_current_dir().unwrap().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // An empty line, the message, an empty line.
        let greeting: Vec<_> = lines.skip(1).take_while(|line| !line.is_empty()).collect();
        let ready = greeting.iter().find(|line| line.contains("ready at")).expect("it gets ready");
        let address = ready.split(' ').find_map(|word| word.strip_suffix("/settings")).unwrap().to_owned();
        Self { child, address, greeting: greeting.join("\n") }
    }

    /// Returns the text between `before` and the next of `after` in the message.
    pub fn greeted(&self, before: &str, after: [char; 2]) -> String {
        let (_, rest) = self.greeting.split_once(before).expect(before);
        rest.split(after).next().unwrap().to_owned()
    }

    /// Requests an export with that token.
    pub async fn export(&self, token: &str, query: &str) -> reqwest::Response {
        let url = format!("{}/api/v1/motion-events/export?{query}", self.address);
        client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]).get(url).send().await.unwrap()
    }

    /// Returns the cookie of a browser that signs in with [`PASSWORD`].
    pub async fn cookie_of(&self, name: &str) -> String {
        let form = [("name", name), ("password", PASSWORD)];
        let answer = client_with(&[]).post(format!("{}/login", self.address)).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        cookie(&answer)
    }

    /// Returns its log.
    pub fn log(folder: &Path) -> String {
        std::fs::read_to_string(folder.join("log")).unwrap()
    }

    /// Returns its peak resident memory, in kB.
    pub fn peak_memory(&self) -> u64 {
        let mut status = String::new();
        let path = format!("/proc/{}/status", self.child.id());
        std::fs::File::open(path).unwrap().read_to_string(&mut status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
