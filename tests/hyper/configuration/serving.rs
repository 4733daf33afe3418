//! Code and file together.

use std::time::Duration;

use transom::hyper::{Endpoint, HyperConfiguration, Limits};
use transom::{HyperServer, Server};

use super::{Folder, Served, ask, connect, read};
use crate::support::{says, start_with, within};

const ONE: &str = "[hyper.endpoints.one]\nurl = 'http://127.0.0.1:0'\n";

#[tokio::test]
async fn the_endpoints_of_code_and_file_are_both_served() {
    let server = HyperServer::new("http://127.0.0.1:0")
        .with_endpoint(Endpoint::new("http://127.0.0.1:0").with_name("code"));
    let served = Served::start_with(Folder::new(), server, ONE).await;
    for address in served.addresses(3).await {
        ask(&mut connect(address).await).await;
    }
    served.running.stop().await;
}

#[tokio::test]
async fn a_name_that_code_and_file_both_have_is_an_error() {
    let server = HyperServer::default()
        .with_endpoint(Endpoint::new("http://127.0.0.1:0").with_name("one"))
        .with_configuration(read(ONE));
    let error = server.bind().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are two endpoints `one`; give each a name of its own"
    );
}

#[tokio::test]
async fn endpoints_of_a_file_replace_the_addresses_of_a_host() {
    let mut with = HyperServer::default().with_configuration(read(ONE));
    assert!(with.requested_addresses().is_none());
    let mut without = HyperServer::default().with_configuration(read("[hyper]"));
    assert!(without.requested_addresses().is_some());
}

#[tokio::test]
async fn a_limit_of_the_file_wins_over_the_programs_whichever_is_set_last() {
    let file = || read("[hyper.limits]\nrequest_head_timeout = '20ms'");
    let program = || Limits::default().with_request_head_timeout(Some(Duration::from_secs(60)));
    let url = "http://127.0.0.1:0";
    for server in [
        HyperServer::new(url)
            .with_configuration(file())
            .with_limits(program()),
        HyperServer::new(url)
            .with_limits(program())
            .with_configuration(file()),
    ] {
        let running = start_with(server, says("hi")).await;
        let mut silent = running.connect().await;
        silent.send("GET / HTTP/1.1\r\nho").await;
        // It is closed long before the program's limit.
        within(silent.rest()).await;
        running.stop().await;
    }
}

#[tokio::test]
async fn limits_that_do_not_go_together_keep_the_server_from_binding() {
    let wrong = read("[hyper]").with_limits(|limits| limits.with_max_connections(Some(0)));
    let error = HyperServer::default()
        .with_configuration(wrong)
        .bind()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("max_connections"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_has_the_mode_of_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let path = folder.write("here", "");
    let socket = path.with_file_name("a.sock");
    for (mode, expected) in [("0o620", 0o620), ("'602'", 0o602)] {
        let toml = format!(
            "[hyper.endpoints.socket]\nurl = 'http://unix:{}'\nunix_mode = {mode}",
            socket.display()
        );
        let bound = HyperServer::default()
            .with_configuration(read(&toml))
            .bind()
            .await
            .unwrap();
        let found = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(found & 0o777, expected);
        drop(bound);
    }
}

#[test]
fn a_mode_in_base_ten_is_an_error() {
    for mode in ["432", "660", "'0o1000'", "'rw'"] {
        let toml = format!("[hyper.endpoints.a]\nurl = 'http://unix:/a.sock'\nunix_mode = {mode}");
        let error = HyperConfiguration::from_toml_str(&toml).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`hyper.endpoints.a.unix_mode` at line 3, column 1: it is not the mode of a file; write it in octal, like \
             `0o660` or `\"660\"`",
            "{mode}"
        );
    }
}

#[test]
fn an_option_of_another_kind_of_socket_is_an_error() {
    for (url, option, expected) in [
        (
            "http://*:1",
            "unix_mode = 0o600",
            "an address of a unix socket",
        ),
        (
            "http://unix:/a",
            "no_delay = false",
            "an address with a port",
        ),
    ] {
        let toml = format!("[hyper.endpoints.a]\nurl = '{url}'\n{option}");
        let error = HyperConfiguration::from_toml_str(&toml).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
    }
}
