//! The lessons, one after the other.

use std::process::Command;
use std::time::Duration;

use crate::program::{Example, ask, get, run};

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
