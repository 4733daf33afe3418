//! Stops while there is a lot to do.

use std::sync::Arc;
use std::thread;

use futures_util::{StreamExt, stream};
use tokio::sync::{Semaphore, watch};
use transom::{Body, Request, Response};

use crate::support::{Client, Running, until_so};

const CLIENTS: usize = 32;

/// Asks on as many connections, and returns them when the application has all of the requests.
fn ask(server: &Running) -> Vec<Client> {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|index| {
            let mut client = server.connect();
            client.send("GET", &format!("/{index}"), "", b"");
            client
        })
        .collect();
    until_so("all are called", || server.statistics.requests() == CLIENTS);
    clients
}

#[test]
fn a_stop_waits_for_all_that_are_in_flight_and_each_is_answered() {
    let (go_on, waits) = watch::channel(false);
    let server = Running::start(move |request: Request| {
        let mut waits = waits.clone();
        async move {
            let path = request.uri().path().to_owned();
            let later = async move {
                waits.wait_for(|go_on| *go_on).await.unwrap();
                Ok::<_, std::io::Error>("later")
            };
            // Some have not begun to answer, some have.
            let streamed = path.len() == 2;
            let first = stream::iter([Ok("first ")]);
            match streamed {
                true => Response::new(Body::from_stream(first.chain(stream::once(later)))),
                false => {
                    let _ = later.await;
                    Response::new(Body::from("first later"))
                }
            }
        }
    });
    let clients = ask(&server);
    server.trigger.request();
    thread::sleep(std::time::Duration::from_millis(50));
    assert!(!server.serving.is_finished());
    go_on.send_replace(true);
    for mut client in clients {
        let reply = client.reply(false);
        assert_eq!((reply.status, reply.text()), (200, "first later"));
    }
    server.ended();
}

#[test]
fn what_does_not_end_in_time_is_ended_with_the_server() {
    let calls = Arc::new(Semaphore::new(0));
    struct Ended(Arc<Semaphore>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.add_permits(1);
        }
    }
    let ended = Arc::clone(&calls);
    let server = Running::start(move |_: Request| {
        let ended = Ended(Arc::clone(&ended));
        async move {
            let never = stream::once(async move {
                std::future::pending::<()>().await;
                drop(ended);
                Ok::<_, std::io::Error>("")
            });
            Response::new(Body::from_stream(stream::iter([Ok("begun")]).chain(never)))
        }
    });
    let mut clients = ask(&server);
    for client in &mut clients {
        client.until(b"begun");
    }
    server.trigger.request();
    thread::sleep(std::time::Duration::from_millis(50));
    assert!(!server.serving.is_finished());
    server.serving.abort();
    for mut client in clients {
        let rest = client.rest();
        assert!(!rest.ends_with(b"0\r\n\r\n"), "it was made to look whole");
    }
    until_so("all calls were dropped", || {
        calls.available_permits() == CLIENTS
    });
    until_so("none is counted any more", || {
        server.statistics.requests() == 0
    });
}
