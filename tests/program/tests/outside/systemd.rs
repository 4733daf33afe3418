//! What a service manager does: it opens the sockets, and is told how far the program is.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::program::Directory;

const LIMIT: Duration = Duration::from_secs(10);

/// A program with a socket as its descriptor 3, and another as 4; killed at the end.
struct Service(Option<Child>);

impl Service {
    fn start(
        directory: &Directory,
        sockets: (OwnedFd, OwnedFd),
        server: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        // The shell moves them there, and becomes the program: its own id is the program's.
        let script = "exec 3<&0 4<&1 </dev/null >&2; LISTEN_PID=${LISTEN_PID:-$$} exec \"$0\" --server \"$1\"";
        let child = Command::new("/bin/sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_transom-program"), server])
            .env_clear()
            .envs(variables.iter().copied())
            .env("LISTEN_FDS", "2")
            .current_dir(directory.path())
            .stdin(Stdio::from(sockets.0))
            .stdout(Stdio::from(sockets.1))
            .stderr(Stdio::piped())
            .spawn();
        Self(Some(child.unwrap()))
    }

    fn terminate(&self) {
        let id = self.0.as_ref().unwrap().id().to_string();
        let kill = Command::new("/bin/sh")
            .args(["-c", "kill -TERM $0", &id])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Waits until it has ended, and returns what it said.
    fn end(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn sockets(directory: &Directory) -> (TcpListener, UnixListener) {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = UnixListener::bind(directory.path().join("app.sock")).unwrap();
    (tcp, unix)
}

fn fds((tcp, unix): &(TcpListener, UnixListener)) -> (OwnedFd, OwnedFd) {
    (
        tcp.try_clone().unwrap().into(),
        unix.try_clone().unwrap().into(),
    )
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn ask_tcp(listener: &TcpListener) -> String {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(GET).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

fn ask_unix(path: &Path) -> String {
    let mut client = UnixStream::connect(path).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(GET).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn sockets_that_were_opened_before_are_served_and_stay() {
    let directory = Directory::new();
    let sockets = sockets(&directory);
    let service = Service::start(&directory, fds(&sockets), "inherited", &[]);
    let path = directory.path().join("app.sock");
    assert!(ask_tcp(&sockets.0).ends_with("hello"));
    assert!(ask_unix(&path).ends_with("hello"));
    service.terminate();
    let output = service.end();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let tcp = format!(
        "Now listening on: http://{}",
        sockets.0.local_addr().unwrap()
    );
    assert!(log.contains(&tcp), "{log}");
    assert!(
        log.contains(&format!("Now listening on: http://unix:{}", path.display())),
        "{log}"
    );
    assert!(path.exists(), "it is the service manager's");
}

#[test]
fn a_socket_is_found_by_its_name() {
    let directory = Directory::new();
    let sockets = sockets(&directory);
    let names = [("LISTEN_FDNAMES", "other:web")];
    let service = Service::start(&directory, fds(&sockets), "web", &names);
    assert!(ask_unix(&directory.path().join("app.sock")).ends_with("hello"));
    service.terminate();
    let output = service.end();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert_eq!(log.matches("Now listening on: ").count(), 1, "{log}");
}

#[test]
fn a_name_that_there_is_not_and_sockets_of_another_process_are_errors() {
    let directory = Directory::new();
    let sockets = sockets(&directory);
    let names = ("LISTEN_FDNAMES", "api:admin");
    let service = Service::start(&directory, fds(&sockets), "web", &[names]);
    let log = service.end().stderr;
    let log = String::from_utf8_lossy(&log);
    let expected = "error: no socket `web` was handed over; there are `admin` and `api`";
    assert!(log.contains(expected), "{log}");

    let of_another = ("LISTEN_PID", "1");
    let service = Service::start(&directory, fds(&sockets), "inherited", &[of_another]);
    let log = service.end().stderr;
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("error: no socket was handed over"), "{log}");
}

#[test]
fn what_does_not_listen_is_an_error() {
    let directory = Directory::new();
    let (socket, _other) = UnixStream::pair().unwrap();
    let (_, unix) = sockets(&directory);
    let fds = (socket.into(), unix.into());
    let names = [("LISTEN_FDNAMES", "web:other")];
    let output = Service::start(&directory, fds, "web", &names).end();
    let log = String::from_utf8_lossy(&output.stderr);
    let expected = "failed to bind to the inherited socket `web`: it does not listen";
    assert!(log.contains(expected), "{log}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_service_manager_is_told_how_far_the_program_is() {
    let directory = Directory::new();
    let sockets = sockets(&directory);
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(LIMIT)).unwrap();
    let told = || {
        let mut bytes = [0; 512];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let variables = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "100000"),
    ];
    let service = Service::start(&directory, fds(&sockets), "inherited", &variables);
    let ready = told();
    let address = sockets.0.local_addr().unwrap();
    let expected = format!("READY=1\nSTATUS=Listening on http://{address}, http://unix:");
    assert!(ready.starts_with(&expected), "{ready}");
    assert!(ask_tcp(&sockets.0).ends_with("hello"), "and it is");
    for _ in 0..3 {
        assert_eq!(told(), "WATCHDOG=1\n");
    }
    service.terminate();
    let stopping = loop {
        match told() {
            alive if alive == "WATCHDOG=1\n" => {}
            other => break other,
        }
    };
    assert!(stopping.starts_with("STOPPING=1\n"), "{stopping}");
    assert!(service.end().status.success());
}
