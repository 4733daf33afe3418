//! Whatever is wrong is one clear line and an exit code; nothing is served.

use std::net::TcpListener;
use std::process::Output;

use crate::program::{Directory, run};

fn refused(directory: &Directory, arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = run(directory, arguments);
    let (log, error) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(1), "{error}");
    assert!(!log.contains("Now listening"), "{log}");
    let line = error
        .strip_prefix("error: ")
        .and_then(|line| line.strip_suffix('\n'));
    let line = line.unwrap_or_else(|| panic!("not one line: {error:?}"));
    assert!(!line.contains('\n'), "{error}");
    line.to_owned()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it writes text")
}

#[test]
fn an_unknown_server() {
    assert_eq!(
        refused(&Directory::new(), &["--server", "nginx"]),
        "there is no server `nginx`; this program has `hyper`, `memory`, `inherited` and `web`",
    );
}

#[test]
fn a_malformed_url() {
    assert_eq!(
        refused(&Directory::new(), &["--urls", "127.0.0.1:80"]),
        "`--urls`: `127.0.0.1:80` is not an address: it lacks a scheme; write it like `http://127.0.0.1:80`",
    );
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let error = refused(&Directory::new(), &["--urls", &url]);
    assert!(
        error.starts_with(&format!("failed to bind to {url}: ")),
        "{error}"
    );
    assert!(error.to_lowercase().contains("in use"), "{error}");
}

#[test]
fn a_port_in_use_beside_one_that_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let error = refused(
        &Directory::new(),
        &["--urls", &format!("http://127.0.0.1:0;{url}")],
    );
    assert!(
        error.starts_with(&format!("failed to bind to {url}: ")),
        "{error}"
    );
}

#[test]
fn a_missing_launch_profile() {
    let directory = Directory::new();
    let error = refused(&directory, &["--launch-profile", "http"]);
    assert!(
        error.starts_with("there is no launch profile `http`"),
        "{error}"
    );
    let directory = directory.with("launchSettings.json", "{ \"profiles\": { \"https\": {} } }");
    let error = refused(&directory, &["--launch-profile", "http"]);
    assert!(
        error.starts_with("there is no launch profile `http`"),
        "{error}"
    );
    assert!(
        error.ends_with("launchSettings.json`; it has `https`"),
        "{error}"
    );
}

#[test]
fn an_unreadable_config() {
    let directory = Directory::new().with("broken.toml", "[transom]\nurls = \n\n[other]");
    let error = refused(&directory, &["--config", "broken.toml"]);
    assert!(
        error.starts_with("`broken.toml:2:8` is malformed: "),
        "{error}"
    );
    assert_eq!(
        refused(&directory, &["--config", "absent.toml"]),
        "`--config`: there is no file `absent.toml`",
    );
    std::fs::create_dir(directory.path().join("directory.toml")).unwrap();
    let error = refused(&directory, &["--config", "directory.toml"]);
    assert!(
        error.starts_with("failed to read `directory.toml`: "),
        "{error}"
    );
}

#[test]
fn an_unknown_option() {
    assert_eq!(
        refused(&Directory::new(), &["--urlz", "x"]),
        "the command line: unexpected argument '--urlz' found; tip: a similar argument exists: '--urls'; \
         `--help` lists the options",
    );
}

#[test]
fn help_is_no_error() {
    let Output {
        status,
        stdout,
        stderr,
    } = run(&Directory::new(), &["--help"]);
    assert!(status.success());
    assert_eq!(text(stderr), "");
    let help = text(stdout);
    assert!(
        help.contains("--urls <URLS>") && help.contains("--launch-profile <NAME>"),
        "{help}"
    );
}
