//! An example as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running example. Dropping it kills it.
pub(crate) struct Example {
    process: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Example {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        Self::start_with(name, arguments, |_| {})
    }

    pub(crate) fn start_with(
        name: &str,
        arguments: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = Command::new(path(name));
        change(&mut command);
        let mut process = command
            .args(arguments)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{name}: {error}; `cargo test` without `--test` builds the examples")
            });
        let (sender, lines) = mpsc::channel();
        let out = process.stdout.take().unwrap();
        let err = process.stderr.take().unwrap();
        forward(out, sender.clone());
        forward(err, sender);
        Self {
            process,
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for so many "Now listening on" lines, and returns the addresses in them.
    pub(crate) fn addresses(&mut self, count: usize) -> Vec<String> {
        let mut found = Vec::new();
        while found.len() < count {
            let line = self.line();
            if let Some((_, address)) = line.split_once("Now listening on: ") {
                found.push(
                    address
                        .trim()
                        .trim_start_matches("http://")
                        .replace("[::]", "[::1]"),
                );
            }
        }
        found
    }

    pub(crate) fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.seen.push(line.clone());
                line
            }
            Err(error) => panic!("{error}, after:\n{}", self.seen.join("\n")),
        }
    }

    pub(crate) fn interrupt(&self) {
        // The shell's own `kill`: the program may be missing.
        let done = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.process.id())])
            .status();
        assert!(done.unwrap().success());
    }

    /// Waits for its end, and returns what it said and whether it ended well.
    pub(crate) fn finish(mut self) -> (String, bool) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "it does not end, after:\n{}",
                self.seen.join("\n")
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        (self.seen.join("\n"), status.success())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The examples are beside the folder of this test.
fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name)
}

fn forward(from: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

/// Sends a request and returns the whole answer.
pub(crate) fn get(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Starts an example of one server, asks it, ends it, and expects it to end well.
pub(crate) fn ask(name: &str, questions: &[(&str, &str)]) {
    let mut example = Example::start(name, &[]);
    let address = example.addresses(1).remove(0);
    for (target, expected) in questions {
        let answer = get(&address, target);
        assert!(
            answer.contains(expected),
            "{name} {target}: no `{expected}` in\n{answer}"
        );
    }
    example.interrupt();
    let (said, well) = example.finish();
    assert!(well, "{name} ended with:\n{said}");
}

/// Runs an example that ends by itself.
pub(crate) fn run(name: &str, arguments: &[&str]) -> (String, bool) {
    Example::start(name, arguments).finish()
}
