//! Runs every example as a person would: starts it, asks what its lesson says, and ends it with Ctrl+C.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running example. Dropping it kills it.
struct Example {
    process: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Self {
        Self::start_with(name, arguments, |_| {})
    }

    fn start_with(name: &str, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
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
    fn addresses(&mut self, count: usize) -> Vec<String> {
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

    fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.seen.push(line.clone());
                line
            }
            Err(error) => panic!("{error}, after:\n{}", self.seen.join("\n")),
        }
    }

    fn interrupt(&self) {
        // The shell's own `kill`: the program may be missing.
        let done = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.process.id())])
            .status();
        assert!(done.unwrap().success());
    }

    /// Waits for its end, and returns what it said and whether it ended well.
    fn finish(mut self) -> (String, bool) {
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
fn get(address: &str, target: &str) -> String {
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
fn ask(name: &str, questions: &[(&str, &str)]) {
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
fn run(name: &str, arguments: &[&str]) -> (String, bool) {
    Example::start(name, arguments).finish()
}

#[test]
fn hello_answers() {
    ask("01_hello", &[("/", "hello, world")]);
}

#[test]
fn middleware_runs_in_order() {
    ask("02_middleware", &[("/", "x-micros"), ("/", "five layers")]);
}

#[test]
fn branches_end_and_detours_come_back() {
    ask(
        "03_branches",
        &[
            ("/", "base ``, path `/`"),
            ("/health", "200 OK"),
            ("/ADMIN/users/7", "base `/ADMIN/users`, path `/7`"),
            ("/admin/other", "404 Not Found"),
            ("/v2/x", "version 2"),
            ("/?debug", "x-debug: on"),
            ("/site/page", "base `/site`, path `/page`"),
        ],
    );
}

#[test]
fn features_are_there_or_explained() {
    ask(
        "04_features",
        &[
            ("/", "visitor      1"),
            ("/", "server       hyper/"),
            ("/a%2Fb", "target       /a%2Fb"),
            ("/", "client       127.0.0.1:"),
            ("/", "does not provide the feature `request.upgrade`"),
        ],
    );
}

#[test]
fn bound_addresses_are_known_before_the_pipeline_is_built() {
    let mut example = Example::start("05_bound_addresses", &[]);
    let addresses = example.addresses(2);
    for address in &addresses {
        let answer = get(address, "/");
        let first = &addresses[0];
        assert!(
            answer.contains(&format!(
                "this server listens on http://{first} and http://[::]:"
            )),
            "{answer}"
        );
    }
    example.interrupt();
    assert!(example.finish().1);
}

#[test]
fn the_server_is_chosen_at_run_time() {
    for (name, expected) in [
        ("hyper", "hyper/"),
        ("actix", "actix-http/"),
        ("tiny_http", "tiny_http/"),
    ] {
        let mut example = Example::start(
            "06_choose_the_server",
            &["--server", name, "--urls", "http://127.0.0.1:0"],
        );
        let address = example.addresses(1).remove(0);
        let answer = get(&address, "/");
        assert!(answer.contains(expected), "{name}: {answer}");
        example.interrupt();
        assert!(example.finish().1, "{name}");
    }
    let (said, well) = run("06_choose_the_server", &["--server", "nginx"]);
    assert!(!well);
    assert_eq!(
        said.trim(),
        "error: there is no server `nginx`; this program has `hyper`, `actix` and `tiny_http`",
    );
}

#[test]
fn two_servers_have_one_pipeline() {
    let mut example = Example::start("07_two_servers", &[]);
    let addresses = example.addresses(2);
    assert!(get(&addresses[0], "/").contains("you came by hyper/"));
    assert!(get(&addresses[1], "/").contains("you came by actix-http/"));
    example.interrupt();
    assert!(example.finish().1);
}

#[test]
fn an_axum_router_runs_as_it_is() {
    ask(
        "08_axum_inside",
        &[
            ("/", "the router's own page"),
            ("/hello/you", "hello, you"),
            ("/hello/you/", "hello, you"),
            ("/client", "you are 127.0.0.1:"),
        ],
    );
}

#[test]
fn an_adapter_is_short() {
    let (said, well) = run("09_write_an_adapter", &[]);
    assert!(well, "{said}");
}

#[test]
fn a_slow_request_survives_the_stop() {
    let mut example = Example::start("10_graceful_shutdown", &[]);
    let address = example.addresses(1).remove(0);
    let slow = std::thread::spawn(move || get(&address, "/slow"));
    // Long enough for the request to arrive, and far from its two seconds.
    std::thread::sleep(Duration::from_millis(300));
    example.interrupt();
    let answer = slow.join().unwrap();
    assert!(
        answer.contains("made it short, for the server is stopping"),
        "{answer}"
    );
    assert!(example.finish().1);
}

#[test]
fn a_websocket_echoes_on_every_server() {
    let (said, well) = run("11_websocket", &[]);
    assert!(well, "{said}");
    assert_eq!(
        said.matches("says \"is anybody there?\"").count(),
        3,
        "{said}"
    );
}

#[test]
fn an_axum_application_keeps_its_server_while_its_routes_move() {
    let (said, well) = run("16_mount_in_axum", &[]);
    assert!(well, "{said}");
    for answer in ["the old one", "you are a client", "the new one talks"] {
        assert!(said.contains(answer), "{said}");
    }
}

#[test]
fn a_test_needs_no_port() {
    let (said, well) = run("12_testing", &[]);
    assert!(well && said.contains("no port was opened"), "{said}");
}

#[cfg(feature = "dev-certs")]
#[test]
fn https_has_a_certificate_of_this_machine() {
    let folder = std::env::temp_dir().join(format!("transom-example-{}", std::process::id()));
    let mut example = Example::start_with("13_https", &[], |command| {
        command.env("XDG_DATA_HOME", &folder).env("HOME", &folder);
    });
    let mut trust = None;
    let address = loop {
        let line = example.line();
        if let Some((_, address)) = line.split_once("Now listening on: https://") {
            break address.trim().to_owned();
        }
        let after = line.split_once("curl --cacert '").map(|(_, after)| after);
        trust = trust.or(after.and_then(|after| Some(after.split_once('\'')?.0.to_owned())));
    };
    let answer = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "10", "--cacert"])
        .args([&trust.unwrap(), &format!("https://{address}/")])
        .output()
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(said.contains("you came by TLSv1.3 with TLS_"), "{answer:?}");
    example.interrupt();
    assert!(example.finish().1);
}

/// That it answers over HTTP/3 as well is told by the cases of `transom-conformance`.
#[cfg(feature = "http3")]
#[test]
fn http3_is_told_of_over_the_other_versions_and_bound_at_their_port() {
    let mut example = Example::start("14_http3", &["https://127.0.0.1:0"]);
    let address = loop {
        if let Some((_, address)) = example.line().split_once("Now listening on: https://") {
            break address.trim().to_owned();
        }
    };
    let answer = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "10", "--insecure"])
        .args(["--include", &format!("https://{address}/")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stdout);
    let port = address.rsplit(':').next().unwrap();
    assert!(said.contains("over tcp and TLSv1.3"), "{answer:?}");
    assert!(said.contains(&format!("alt-svc: h3=\":{port}\"")), "{said}");
    assert!(
        std::net::UdpSocket::bind(&address).is_err(),
        "UDP is not bound"
    );
    example.interrupt();
    assert!(example.finish().1);
}

#[test]
fn a_file_configures_the_server_and_the_command_line_says_otherwise() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/15_configuration.toml"
    );
    for (set, expected) in [
        (None, "bodies of Some(1048576) bytes, at Some(2) addresses"),
        (
            Some("hyper.limits.max_request_body_size=5"),
            "bodies of Some(5) bytes",
        ),
    ] {
        let mut arguments = vec!["--config", file];
        arguments.extend(set.iter().flat_map(|set| ["--set", set]));
        let mut example = Example::start("15_configuration", &arguments);
        let address = example.addresses(2).remove(0);
        let answer = get(&address, "/");
        assert!(answer.contains(expected), "{answer}");
        example.interrupt();
        assert!(example.finish().1);
    }

    let set = "hyper.endpoints.web.protocol=http1";
    let (said, well) = run("15_configuration", &["--config", file, "--set", set]);
    assert!(!well);
    assert_eq!(
        said.trim(),
        "error: `--set hyper.endpoints.web.protocol` is not an option of an endpoint; did you mean `protocols`?",
    );
}

#[test]
fn an_application_behind_a_web_server_sees_its_client() {
    let mut example = Example::start("17_fastcgi", &["--urls", "http://127.0.0.1:0"]);
    let address = example.addresses(1).remove(0);
    let answer = fastcgi(
        &address,
        &[
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "/"),
            ("HTTP_HOST", "a.test"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_SOFTWARE", "nginx/1.22"),
            ("REMOTE_ADDR", "192.0.2.7"),
            ("REMOTE_PORT", "4711"),
            ("HTTPS", "on"),
        ],
    );
    assert!(
        answer.ends_with("192.0.2.7:4711 came over https and nginx/1.22\n"),
        "{answer}"
    );
    example.interrupt();
    assert!(example.finish().1);
}

/// Sends one request as a web server does, and returns what comes on FCGI_STDOUT.
fn fastcgi(address: &str, variables: &[(&str, &str)]) -> String {
    const BEGIN: u8 = 1;
    const END: u8 = 3;
    const PARAMS: u8 = 4;
    const STDIN: u8 = 5;
    const STDOUT: u8 = 6;
    let record = |kind: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = [1, kind, 0, 1, length[0], length[1], 0, 0];
        [&head[..], content].concat()
    };
    let mut pairs = Vec::new();
    for (name, value) in variables {
        pairs.extend([name, value].map(|text| u8::try_from(text.len()).unwrap()));
        pairs.extend([name.as_bytes(), value.as_bytes()].concat());
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let responder = [0, 1, 0, 0, 0, 0, 0, 0];
    for (kind, content) in [
        (BEGIN, &responder[..]),
        (PARAMS, &pairs),
        (PARAMS, &[]),
        (STDIN, &[]),
    ] {
        stream.write_all(&record(kind, content)).unwrap();
    }
    let mut answer = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).unwrap();
        let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
        let mut content = vec![0; length + usize::from(head[6])];
        stream.read_exact(&mut content).unwrap();
        match head[1] {
            STDOUT => answer.extend(&content[..length]),
            END => return String::from_utf8(answer).unwrap(),
            _ => {}
        }
    }
}

#[test]
fn the_tour_visits_every_server_and_gets_the_same_answers() {
    let (said, well) = run("tour", &[]);
    assert!(well, "{said}");
    for expected in [
        "hyper/",
        "actix-http/",
        "tiny_http/",
        "memory/",
        "All servers have stopped.",
    ] {
        assert!(said.contains(expected), "no `{expected}` in\n{said}");
    }
    assert_eq!(said.matches("\"hello, you\"").count(), 4, "{said}");
    assert_eq!(said.matches("\"TO BE SHOUTED\"").count(), 4, "{said}");
}
