//! That the system takes each option.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use tokio::runtime::Runtime;
use transom::{Body, Error, Request, Response, Server};
use transom_http_sys::{
    Authentication, Http503Verbosity, HttpSysServer, RequestQueueMode, Timeouts,
};

use crate::queue_name;
use crate::support::{Client, Running};

fn local() -> HttpSysServer {
    HttpSysServer::new("http://127.0.0.1:0").with_accepts(8)
}

async fn hello(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

fn bind_error(server: HttpSysServer) -> (Error, io::ErrorKind) {
    let runtime = Runtime::new().unwrap();
    let error = runtime.block_on(server.bind()).unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    let kind = cause.kind();
    (error, kind)
}

#[test]
fn the_system_takes_what_a_server_is_told() {
    let timeouts = Timeouts::new()
        .with_entity_body(Duration::from_secs(60))
        .with_drain_entity_body(Duration::from_secs(60))
        .with_request_queue(Duration::from_secs(60))
        .with_idle_connection(Duration::from_secs(60))
        .with_header_wait(Duration::from_secs(60))
        .with_min_send_rate(1000);
    let server = local()
        .with_request_queue(&queue_name(), RequestQueueMode::Create)
        .with_queue_security_descriptor("D:(A;;GA;;;BA)(A;;GA;;;AU)")
        .with_queue_length(500)
        .with_503_verbosity(Http503Verbosity::Full)
        .with_max_connections(Some(100))
        .with_timeouts(timeouts)
        .with_kernel_response_buffering(true)
        .with_delegation(true);
    let server = Running::of(server, hello);
    assert_eq!(server.get("/").text(), "hello");
    server.stop();
}

#[test]
fn the_system_takes_each_way_to_authenticate() {
    let none = Authentication::new();
    let tickets = none.with_negotiate().with_kerberos();
    for (authentication, challenges) in [
        (none.with_basic(), &["Basic"][..]),
        (none.with_ntlm(), &["NTLM"]),
        (none.with_negotiate(), &["Negotiate"]),
        (tickets, &["Kerberos", "Negotiate"]),
        (
            tickets.with_kerberos_credential_caching(),
            &["Kerberos", "Negotiate"],
        ),
        (
            none.with_negotiate().with_captured_credentials(),
            &["Negotiate"],
        ),
    ] {
        let server = local().with_authentication(authentication.without_anonymous());
        let server = Running::of(server, hello);
        let reply = server.get("/");
        assert_eq!(reply.status, 401);
        // The kernel may add to them, such as a realm.
        let sent = reply.fields("www-authenticate");
        let schemes = sent.iter().filter_map(|sent| sent.split(' ').next());
        assert_eq!(schemes.collect::<Vec<_>>(), challenges);
        server.stop();
    }
}

#[test]
fn a_queue_whose_name_is_taken_or_unknown_is_named() {
    let name = queue_name();
    let attach = local().with_request_queue(&name, RequestQueueMode::Attach);
    let (error, kind) = bind_error(attach);
    assert_eq!(kind, io::ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .contains(&format!("the request queue `{name}`")),
        "{error}"
    );

    let create = || local().with_request_queue(&name, RequestQueueMode::Create);
    let server = Running::of(create(), hello);
    let (error, kind) = bind_error(create());
    assert_eq!(kind, io::ErrorKind::AlreadyExists);
    assert!(error.is_bind(), "{error:?}");
    server.stop();
}

#[test]
fn who_attaches_answers_the_requests_of_the_queue() {
    let name = queue_name();
    let runtime = Runtime::new().unwrap();
    // It has the prefix, and takes no request.
    let maker = local().with_request_queue(&name, RequestQueueMode::Create);
    let maker = runtime.block_on(maker.bind()).unwrap();
    let features = transom::BoundServer::features(&maker);
    let addresses = features
        .require::<transom::features::ServerAddresses>()
        .unwrap();
    let address = addresses.bound()[0].clone();
    for mode in [RequestQueueMode::Attach, RequestQueueMode::CreateOrAttach] {
        let server = HttpSysServer::new(&address.to_string())
            .with_accepts(8)
            .with_request_queue(&name, mode);
        let server = Running::of(server, hello);
        let mut client = Client::to(address.connect_addr().unwrap());
        assert_eq!(client.ask("GET", "/", "", b"").text(), "hello");
        server.stop();
    }
    drop(maker);
}

#[test]
fn who_makes_or_attaches_registers_what_nobody_has() {
    let name = queue_name();
    let server = || local().with_request_queue(&name, RequestQueueMode::CreateOrAttach);
    let first = Running::of(server(), hello);
    let second = Running::of(server(), hello);
    assert_ne!(first.address(), second.address());
    for server in [&first, &second] {
        assert_eq!(server.get("/").text(), "hello");
    }
    first.stop();
    second.stop();
}
