//! SIGINT and SIGTERM: the first drains, the second aborts.

use std::io::Read;
use std::net::TcpStream;

use crate::program::{Program, read_until, request};

#[test]
fn either_signal_stops_the_program_well() {
    for signal in ["INT", "TERM"] {
        let (mut program, address) = Program::start(&[]);
        let mut connection = request(&address, "/");
        assert!(read_until(&mut connection, "hello").starts_with("HTTP/1.1 200 "));
        program.signal(signal);
        program.line(&format!("Received SIG{signal}"));
        // The connection was idle; it closes at once and holds nothing up.
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
        assert_eq!(program.end(), (Some(0), String::new()), "SIG{signal}");
        assert!(TcpStream::connect(&address).is_err());
    }
}

#[test]
fn a_second_signal_aborts_and_the_program_says_what() {
    let (mut program, address) = Program::start(&["--shutdown-timeout", "1h"]);
    let mut endless = in_flight(&address);
    program.signal("TERM");
    program.line("Application is shutting down...");
    program.signal("INT");
    let (code, error) = program.end();
    assert_eq!(code, Some(1));
    assert!(
        error.starts_with("error: not everything ended within "),
        "{error}"
    );
    assert!(
        error.contains(&format!(
            "http://{address}: 1 request in flight, 0 upgraded connections"
        )),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        matches!(endless.read(&mut [0]), Ok(0) | Err(_)),
        "the request was aborted"
    );
}

#[test]
fn the_shutdown_timeout_aborts_without_a_second_signal() {
    let (program, address) = Program::start(&["--shutdown-timeout", "50ms"]);
    let _endless = in_flight(&address);
    program.signal("TERM");
    let (code, error) = program.end();
    assert_eq!(code, Some(1));
    assert!(
        error.starts_with(
            "error: not everything ended within 50ms of the request to stop; aborted "
        ),
        "{error}"
    );
    assert!(error.contains("1 request in flight"), "{error}");
}

/// Sends a request whose answer never ends, and waits until it has begun.
fn in_flight(address: &str) -> TcpStream {
    let mut connection = request(address, "/endless");
    read_until(&mut connection, "begun\r\n");
    connection
}
