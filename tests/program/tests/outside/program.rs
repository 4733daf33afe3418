//! Runs the program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A directory that is gone when the test is.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("transom-program-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.0.join(name), text).expect("a file in it");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn command(directory: &Directory, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transom-program"));
    command
        .args(arguments)
        .env_clear()
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a program that ends by itself.
pub(crate) fn run(directory: &Directory, arguments: &[&str]) -> Output {
    let running = Running(Some(
        command(directory, arguments).spawn().expect("it starts"),
    ));
    running.wait()
}

/// A program that serves; killed if a test fails.
pub(crate) struct Program {
    running: Running,
    lines: Receiver<String>,
    /// The lines that were read so far.
    log: Vec<String>,
}

impl Program {
    /// Starts the program on a port of its own choice, and waits until it serves.
    pub(crate) fn start(arguments: &[&str]) -> (Self, String) {
        let directory = Directory::new();
        let mut all = vec!["--urls", "http://127.0.0.1:0"];
        all.extend(arguments);
        let mut child = command(&directory, &all).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for text in output.lines().map_while(Result::ok) {
                if line.send(text).is_err() {
                    return;
                }
            }
        });
        let mut program = Self {
            running: Running(Some(child)),
            lines,
            log: Vec::new(),
        };
        let listening = program.line("Now listening on: http://");
        let (_, address) = listening.split_once("http://").expect("it was just found");
        let address = address.to_owned();
        program.line("Application started");
        (program, address)
    }

    /// Waits for a line of the log that has this in it.
    pub(crate) fn line(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("no line with {part:?} in {:#?}", self.log),
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let child = self.running.0.as_ref().expect("it runs");
        // `kill` is a part of every shell, but not a program on every machine.
        let kill = format!("kill -{name} {}", child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("there is a shell").success());
    }

    /// Waits until the program has ended; returns its exit code and what it wrote to standard error.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        let output = self.running.wait();
        let error = String::from_utf8(output.stderr).expect("it writes text");
        (output.status.code(), error)
    }
}

pub(crate) struct Running(pub(crate) Option<Child>);

impl Running {
    /// Waits until it has ended, and returns what it wrote.
    pub(crate) fn wait(mut self) -> Output {
        let begun = Instant::now();
        let child = self.0.as_mut().expect("it runs");
        while child.try_wait().expect("it is a child").is_none() {
            assert!(begun.elapsed() < LIMIT, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let child = self.0.take().expect("it was just seen");
        child.wait_with_output().expect("it has ended")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends the head of a request, and returns the connection to read the answer from.
pub(crate) fn request(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(LIMIT))
        .expect("a limit is set");
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    stream
}

/// Reads until the text ends with this.
pub(crate) fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    String::from_utf8(bytes).expect("it answers with text")
}
