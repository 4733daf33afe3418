//! The program behind the ASP.NET Core Module of IIS, as a stand-in for that plays it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::module::{CLIENT, Client, Module, Site, answer};
use crate::program::{Directory, Running, command, read_until};

fn log(output: &std::process::Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it writes text")
}

#[test]
fn it_listens_where_the_module_waits_whatever_else_it_is_told_and_ends_when_it_is_asked_to() {
    let module = Module::start(Site {
        arguments: &["--urls", "http://127.0.0.1:0;http://[::1]:0"],
        ..Site::default()
    });
    let (port, token) = (module.port, module.token.clone());
    let (status, content) = answer(module.forward(CLIENT, "GET /", &[]));
    assert_eq!((status, &*content), (200, "hello"));

    let output = module.stop();
    assert_eq!(output.status.code(), Some(0));
    let log = log(&output);
    let listening: Vec<_> = log
        .lines()
        .filter_map(|line| line.split_once("Now listening on: "))
        .map(|(_, address)| address)
        .collect();
    assert_eq!(listening, [format!("http://127.0.0.1:{port}")]);
    assert!(log.contains("IIS asks this process to end"), "{log}");
    assert!(!log.contains(&token), "{log}");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
fn it_sees_the_client_of_the_module() {
    let module = Module::start(Site {
        path: "/shop",
        ..Site::default()
    });
    let client = Client {
        address: "[2001:db8::7]:51000",
        scheme: "https",
        certificate: Some("MAMCAQE="),
        identity: Some("5E8"),
    };
    let (status, seen) = answer(module.forward(
        client,
        "GET /shop/seen/cart?n=1",
        &[
            "X-Forwarded-For: 192.0.2.66",
            "MS-ASPNETCORE-TOKEN: made-up",
            "MS-ASPNETCORE-CLIENTCERT: MAMCAQI=",
            "ms-aspnetcore-event: shutdown",
            "Connection: close",
            "Accept: text/plain",
        ],
    ));
    assert_eq!(status, 200);
    assert_eq!(
        seen,
        format!(
            "client: [2001:db8::7]:51000\n\
             scheme: https\n\
             base: /shop/seen\n\
             target: /cart?n=1\n\
             certificate: Some([48, 3, 2, 1, 1])\n\
             limit: Some(None)\n\
             upgrade: false\n\
             host: www.example.com\n\
             accept: text/plain\n\
             x-original-for: 127.0.0.1:{}\n\
             x-original-proto: http\n\
             x-forwarded-for: 192.0.2.66\n",
            original_port(&seen)
        )
    );
    let (_, seen) = answer(module.forward(CLIENT, "GET /shop/seen", &[]));
    assert!(seen.contains("certificate: None\n"), "{seen}");
    assert_eq!(module.stop().status.code(), Some(0));
}

/// Of the connection between the module and the program.
fn original_port(seen: &str) -> &str {
    let (_, rest) = seen
        .split_once("x-original-for: 127.0.0.1:")
        .expect("it is told");
    rest.split('\n').next().expect("it is a line")
}

#[test]
fn whoever_has_not_the_token_gets_nothing_from_it() {
    let module = Module::start(Site::default());
    let upper = module.token.to_uppercase();
    for token in ["", &*upper, "0f8fad5b-d9cb-469f-a165-70867728950e"] {
        assert_eq!(module.send_shutdown("/", token), 400);
        let get = format!("GET / HTTP/1.1\r\nHost: a\r\nMS-ASPNETCORE-TOKEN: {token}\r\n\r\n");
        assert_eq!(answer(module.send(&get)), (400, String::new()));
    }
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(answer(module.send(get)).0, 400);
    // It runs on, and is the module's as before.
    assert_eq!(answer(module.forward(CLIENT, "GET /", &[])).0, 200);
    let token = module.token.clone();
    let output = module.stop();
    assert_eq!(output.status.code(), Some(0));
    let log = log(&output);
    assert_eq!(log.matches("without the token of IIS").count(), 7, "{log}");
    assert!(!log.contains(&token) && !log.contains(&upper), "{log}");
}

#[test]
fn a_client_cannot_end_it_through_the_module() {
    let module = Module::start(Site {
        path: "/shop",
        ..Site::default()
    });
    let event = ["MS-ASPNETCORE-EVENT: shutdown", "Content-Length: 0"];
    let asked = module.forward(CLIENT, "POST /shop/iisintegration", &event);
    assert_eq!(answer(asked), (200, "hello".to_owned()));
    assert_eq!(module.stop().status.code(), Some(0));
}

#[test]
fn what_is_in_flight_is_answered_before_it_ends() {
    let module = Module::start(Site::default());
    let fields = ["Connection: upgrade", "Upgrade: websocket"];
    let mut socket = module.forward(CLIENT, "GET /echo", &fields);
    assert!(read_until(&mut socket, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    assert_eq!(module.send_shutdown("/", &module.token), 202);
    // It waits for this one, and takes nobody else.
    socket.write_all(b"still here").expect("it reads");
    let mut back = [0; 10];
    socket.read_exact(&mut back).expect("it answers");
    assert_eq!(&back, b"still here");
    drop(socket);
    assert_eq!(module.end().status.code(), Some(0));
}

#[test]
fn websockets_go_through_if_the_module_can_carry_them() {
    let fields = ["Connection: upgrade", "Upgrade: websocket"];
    let module = Module::start(Site::default());
    let (_, seen) = answer(module.forward(CLIENT, "GET /seen", &fields));
    assert!(seen.contains("upgrade: true\n"), "{seen}");
    let mut socket = module.forward(CLIENT, "GET /echo", &fields);
    assert!(read_until(&mut socket, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    socket.write_all(b"to and fro").expect("it reads");
    let mut back = [0; 10];
    socket.read_exact(&mut back).expect("it answers");
    assert_eq!(&back, b"to and fro");
    drop(socket);
    assert_eq!(module.stop().status.code(), Some(0));

    let module = Module::start(Site {
        websockets: "false",
        ..Site::default()
    });
    let (_, seen) = answer(module.forward(CLIENT, "GET /seen", &fields));
    assert!(seen.contains("upgrade: false\n"), "{seen}");
    let refused = module.forward(CLIENT, "GET /echo", &fields);
    assert_eq!(answer(refused).0, 426);
    assert_eq!(module.stop().status.code(), Some(0));
}

#[test]
fn http_platform_handler_starts_it_too() {
    let module = Module::start_by_platform_handler(Site {
        arguments: &["--urls", "http://127.0.0.1:0"],
        ..Site::default()
    });
    let (status, seen) = answer(module.forward(CLIENT, "GET /seen", &[]));
    assert_eq!(status, 200);
    assert!(seen.contains("client: 198.51.100.9:51000\n"), "{seen}");
    // It knows no such message.
    assert_eq!(module.send_shutdown("/", ""), 200);
}

#[test]
fn what_it_is_told_wrong_is_an_error_of_the_start() {
    let start = |variables: &[(&str, &str)]| {
        let directory = Directory::new();
        let mut command = command(&directory, &[]);
        command.envs(variables.iter().copied());
        let output = Running(Some(command.spawn().expect("it starts"))).wait();
        let error = String::from_utf8(output.stderr).expect("it writes text");
        (output.status.code(), error)
    };
    let (code, error) = start(&[("HTTP_PLATFORM_PORT", "http")]);
    assert_eq!(code, Some(1));
    assert_eq!(
        error,
        "error: `HTTP_PLATFORM_PORT`: `http` is not a port, from 1 to 65535\n"
    );
    let taken = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let (code, error) = start(&[
        ("ASPNETCORE_PORT", &port),
        ("ASPNETCORE_APPL_PATH", "/"),
        ("ASPNETCORE_TOKEN", "a-token"),
    ]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains(&format!("http://127.0.0.1:{port}")),
        "{error}"
    );
    assert!(!error.contains("a-token"), "{error}");
}
