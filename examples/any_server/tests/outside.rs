//! Runs the program as a person would: on each server that it has, and on those that it has not.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What this build of the program may have, in the order of `--help`.
const FEATURES: &[(&str, bool)] = &[
    ("hyper", cfg!(feature = "hyper")),
    ("actix", cfg!(feature = "actix")),
    ("tiny-http", cfg!(feature = "tiny-http")),
    ("trillium", cfg!(feature = "trillium")),
    ("xitca", cfg!(feature = "xitca")),
    ("pingora", cfg!(feature = "pingora")),
    ("fastcgi", cfg!(feature = "fastcgi")),
    ("scgi", cfg!(feature = "scgi")),
    ("uwsgi", cfg!(feature = "uwsgi")),
    ("ajp", cfg!(feature = "ajp")),
    ("cgi", cfg!(feature = "cgi")),
    ("lambda", cfg!(feature = "lambda")),
    ("http-sys", cfg!(all(windows, feature = "http-sys"))),
];

/// Which of them wait for a gateway, by a protocol that is not HTTP.
const BEHIND_A_GATEWAY: &[&str] = &["fastcgi", "scgi", "uwsgi", "ajp"];

/// Which of them have no address.
const WITHOUT_AN_ADDRESS: &[&str] = &["cgi", "lambda"];

#[test]
fn help_lists_the_servers_that_are_compiled_in_and_says_how_to_get_the_others() {
    let (help, error, code) = run(&["--help"]);
    assert_eq!(code, Some(0), "{error}");
    let (_, listed) = help.split_once("\nServers:\n").unwrap();
    let listed: Vec<_> = listed.lines().collect();
    let mut servers = FEATURES
        .iter()
        .filter(|(_, here)| *here)
        .map(|(name, _)| *name);
    let default = servers.next().map(|name| format!("  {name} (the default)"));
    let here = default
        .into_iter()
        .chain(servers.map(|name| format!("  {name}")));
    let absent = FEATURES
        .iter()
        .filter(|(_, here)| !here)
        .map(|(name, _)| format!("  {name} is not in this program: {}", how_to_get(name)));
    assert_eq!(listed, here.chain(absent).collect::<Vec<_>>());
}

#[test]
fn each_server_that_is_compiled_in_answers_with_the_same_application() {
    for (name, here) in FEATURES {
        if *here && !WITHOUT_AN_ADDRESS.contains(name) {
            let mut program = Program::start(name);
            if BEHIND_A_GATEWAY.contains(name) {
                TcpStream::connect(program.address()).unwrap();
                program.stop();
                continue;
            }
            let hello = exchange(&program.address(), "GET / HTTP/1.1\r\n", "");
            let (_, text) = hello.split_once("\r\n\r\n").unwrap();
            assert!(text.contains("hello 127.0.0.1 from "), "{name}: {hello}");
            let echo = exchange(
                &program.address(),
                "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n",
                "thing",
            );
            assert!(echo.contains("thing"), "{name}: {echo}");
            program.stop();
        }
    }
}

#[cfg(feature = "cgi")]
#[test]
fn a_program_of_cgi_answers_its_one_request_on_standard_output() {
    // The argument is what a web server makes of the query `--help`.
    let mut process = command(&["--help"])
        .envs([
            ("TRANSOM_SERVER", "cgi"),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "/"),
            ("SERVER_NAME", "a.test"),
            ("SERVER_PORT", "80"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("REMOTE_ADDR", "192.0.2.1"),
        ])
        .spawn()
        .unwrap();
    assert!(ended(&mut process), "the program does not end");
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer = String::from_utf8(output.stdout).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("Status: 200"), "{answer}");
    assert!(text.starts_with("hello 192.0.2.1 from "), "{answer}");
}

#[cfg(feature = "lambda")]
#[test]
fn a_function_that_runs_elsewhere_says_what_it_misses() {
    let (_, error, code) = run(&["--server", "lambda"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("AWS_LAMBDA_RUNTIME_API"), "{error}");
}

#[test]
fn a_server_that_is_not_compiled_in_is_refused_with_the_feature_that_it_needs() {
    let (mut absent, mut here) = (Vec::new(), Vec::new());
    for (name, is_here) in FEATURES {
        match is_here {
            true => here.push(*name),
            false => absent.push(*name),
        }
    }
    for name in absent {
        let (_, error, code) = run(&["--server", name]);
        assert_eq!(code, Some(1));
        let says = format!(
            "error: the server `{name}` is not in this program: {}; there is ",
            how_to_get(name),
        );
        assert!(error.starts_with(&says), "{error}");
    }
    let (_, error, code) = run(&["--server", "nginx"]);
    assert_eq!(code, Some(1));
    let says = "error: there is no server `nginx`; this program has ";
    let listed = error
        .strip_prefix(says)
        .unwrap_or_else(|| panic!("{error}"));
    assert!(here.iter().all(|name| listed.contains(name)), "{error}");
}

/// What is said of a server that is not there.
fn how_to_get(name: &str) -> String {
    match name {
        "http-sys" if !cfg!(windows) => "it is a part of Windows".to_owned(),
        name => format!("build it with `--features {name}`"),
    }
}

/// Runs a program that ends by itself: what it says, the errors that it says, and its exit code.
fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut process = command(arguments).spawn().unwrap();
    ended(&mut process);
    let output = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_any_server"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(root) = std::env::var_os("SystemRoot") {
        // Without it Windows finds no libraries.
        command.env("SystemRoot", root);
    }
    command
}

fn ended(process: &mut Child) -> bool {
    let begun = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if begun.elapsed() > LIMIT {
            process.kill().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// A program that serves; killed if a test fails.
struct Program {
    process: Child,
    lines: Receiver<String>,
    address: Option<String>,
}

impl Program {
    fn start(server: &str) -> Self {
        let arguments = ["--server", server, "--urls", "http://127.0.0.1:0"];
        let mut process = command(&arguments).spawn().unwrap();
        let output = BufReader::new(process.stderr.take().unwrap());
        let (line, lines) = channel();
        std::thread::spawn(move || {
            // Nobody may listen any more.
            output
                .lines()
                .map_while(Result::ok)
                .all(|text| line.send(text).is_ok())
        });
        Self {
            process,
            lines,
            address: None,
        }
    }

    fn address(&mut self) -> String {
        while self.address.is_none() {
            let line = self.lines.recv_timeout(LIMIT).unwrap();
            let listening = line.split_once("Now listening on: http://");
            self.address = listening.map(|(_, address)| address.to_owned());
        }
        self.address.clone().unwrap()
    }

    /// Ends it as Ctrl+C does. On Windows that would end this program too, which shares its console: there it is killed.
    fn stop(mut self) {
        if cfg!(windows) {
            return;
        }
        let kill = format!("kill -INT {}", self.process.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        assert!(ended(&mut self.process), "the program does not end");
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request, and reads the answer: to its end, or to that of the connection.
fn exchange(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let request = format!("{head}Host: {address}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let mut read = BufReader::new(stream);
    let mut length = None;
    while !answer.ends_with("\r\n\r\n") {
        let begun = answer.len();
        assert_ne!(read.read_line(&mut answer).unwrap(), 0, "{answer}");
        if let Some((name, value)) = answer[begun..].split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    read.take(length.unwrap_or(u64::MAX))
        .read_to_string(&mut answer)
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}
