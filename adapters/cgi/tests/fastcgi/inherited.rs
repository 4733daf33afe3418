//! Sockets that a process was started with: this test starts itself.
#![cfg(unix)]

use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
use transom_cgi::FastCgiServer;

use crate::peer::within;
use crate::records::*;

/// The program that is started: it serves what it was given, once, and says what is wrong otherwise.
#[tokio::test]
async fn is_started_by_the_others() {
    if std::env::var_os("TRANSOM_CHILD").is_none() {
        return;
    }
    let bound = match FastCgiServer::from_environment().bind().await {
        Ok(bound) => bound,
        Err(error) => {
            eprintln!("error: {}", error.report());
            std::process::exit(2);
        }
    };
    let app = |_: Request| async { Response::new(Body::from("inherited")) };
    let serving = bound.serve(app, Shutdown::never());
    let _ = tokio::time::timeout(std::time::Duration::from_secs(20), serving).await;
}

struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(stdin: impl Into<Stdio>, peers: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "inherited::is_started_by_the_others",
            "--exact",
            "--nocapture",
        ])
        .env("TRANSOM_CHILD", "1")
        .env_remove("LISTEN_FDS")
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(peers) = peers {
        command.env("FCGI_WEB_SERVER_ADDRS", peers);
    }
    Child(command.spawn().unwrap())
}

async fn ask(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin)) -> Vec<u8> {
    let params = [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/"),
        ("HTTP_HOST", "a"),
    ];
    let request = request(1, 0, &params, b"");
    let _ = tokio::io::AsyncWriteExt::write_all(stream, &request).await;
    let mut said = Vec::new();
    while let Ok(Some(record)) = within(read_record(stream)).await {
        if record.kind == STDOUT {
            said.extend(record.content);
        }
    }
    said
}

#[tokio::test]
async fn descriptor_0_is_served_by_tcp_and_by_a_unix_socket() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _child = start(OwnedFd::from(listener), None);
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut stream).await.ends_with(b"inherited"));

    let folder = std::env::temp_dir().join(format!("transom-fastcgi-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let _child = start(OwnedFd::from(listener), Some("192.0.2.1"));
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    assert!(
        ask(&mut stream).await.ends_with(b"inherited"),
        "its file says who may"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_environment_says_who_may_connect() {
    for (peers, allowed) in [("192.0.2.1, 127.0.0.1", true), ("192.0.2.1", false)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _child = start(OwnedFd::from(listener), Some(peers));
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        assert_eq!(
            ask(&mut stream).await.ends_with(b"inherited"),
            allowed,
            "{peers}"
        );
    }
}

#[test]
fn what_is_no_socket_is_an_error_that_says_so() {
    let mut child = start(Stdio::null(), None);
    let mut said = String::new();
    let mut stderr = child.0.stderr.take().unwrap();
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(2));
    assert!(
        said.contains("descriptor 0 is no socket that listens"),
        "{said}"
    );
}
