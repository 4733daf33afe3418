//! Heads for which there was not room enough.

use std::fmt::Write;

use transom::{Body, Request, Response};

use crate::support::Running;

/// Says how many fields there are, and how long their values are together.
async fn app(request: Request) -> Response {
    let fields = request.headers();
    let own = fields
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-"));
    let (count, length) = own.fold((0, 0), |(count, length), (_, value)| {
        (count + 1, length + value.len())
    });
    Response::new(Body::from(format!("{count} {length}")))
}

fn fields(count: usize, length: usize) -> String {
    let mut fields = String::new();
    for index in 0..count {
        let _ = write!(fields, "X-{index:x}:{}\r\n", "v".repeat(length));
    }
    fields
}

#[test]
fn heads_of_all_sizes_arrive_whole_or_are_refused() {
    let server = Running::start(app);
    // Microsoft's takes 16 KiB unless an administrator says otherwise.
    for (count, length) in [
        (7, 1000),
        (8, 1000),
        (14, 1000),
        (2, 7000),
        (32, 2000),
        (4, 16_000),
    ] {
        let mut client = server.connect();
        let reply = client.ask("POST", "/", &fields(count, length), b"body");
        match reply.status {
            200 => assert_eq!(reply.text(), format!("{count} {}", count * length)),
            status => assert!(status == 400 && count * length > 16_000, "{status}"),
        }
    }
    server.stop();
}

#[test]
fn many_long_heads_come_at_once_and_some_clients_do_not_wait() {
    let server = Running::start(app);
    let head = fields(10, 1000);
    std::thread::scope(|scope| {
        for index in 0..32 {
            let (head, mut client) = (&head, server.connect());
            scope.spawn(move || {
                client.send("GET", "/", head, b"");
                if index % 2 == 0 {
                    assert_eq!(client.reply(false).text(), "10 10000");
                }
            });
        }
    });
    assert_eq!(
        server.connect().ask("GET", "/", &head, b"").text(),
        "10 10000"
    );
    server.stop();
}
