//! S-EDGE: what the clients of the versions are held to whose connections carry many requests at once.
//!
//! What HTTP/1.1 is held to is told to the byte in `times.rs` and `limits.rs`.

use std::time::Duration;

use http::StatusCode;
use transom::Body;
use transom::adapter::body_pump;

use super::held::{A_WHILE, SOON, held};
use super::times::{LONG, SHORT, SLOWEST, endless, reads, takes, times};
use crate::{
    Capability, Case, Connection, Edge, Failure, Outcome, Protocol, Reply, Run, Running, ensure,
    same, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    let both = &[Protocol::Http2, Protocol::Http3];
    let http3 = &[Protocol::Http3];
    vec![
        at_the_edge(
            "S-EDGE-SILENT",
            "A connection on which nothing is asked is closed when a head is due.",
            silent,
        )
        .on(both),
        at_the_edge(
            "S-EDGE-IDLE",
            "A connection that is idle for too long is closed; one whose request is worked on is not idle.",
            idle,
        )
        .on(both),
        at_the_edge(
            "S-EDGE-BODYRATE",
            "A body that comes too slowly, though not silent, is an error that is answered 408, and the other \
             requests of the connection go on.",
            body_rate,
        )
        .on(both)
        .needs(&[Capability::RequestStreaming]),
        at_the_edge(
            "S-EDGE-BODYRATE-FAIR",
            "A body that comes fast enough is read to its end; time counts only while the application asks for \
             it.",
            fair_body_rate,
        )
        .on(both)
        .needs(&[Capability::RequestStreaming]),
        at_the_edge(
            "S-EDGE-WRITERATE",
            "A client that reads too slowly is broken off.",
            write_rate,
        )
        .on(both)
        .needs(&[Capability::BackpressureOut, Capability::Cancel]),
        at_the_edge(
            "S-EDGE-AGE",
            "A connection that is old enough is closed when it is idle; a request in flight is answered first.",
            age,
        )
        .on(both),
        at_the_edge(
            "S-EDGE-REQUESTS",
            "The last request that a connection may carry is answered, and the connection is closed.",
            requests,
        )
        .on(both),
        at_the_edge(
            "S-EDGE-STREAMS",
            "A request beyond the number that a connection may carry at once waits until another is answered.",
            at_once,
        )
        .on(both),
        // TCP's connections are counted whatever is spoken on them.
        at_the_edge(
            "S-EDGE-CONN",
            "A connection beyond the number that there may be is refused at once; when another ends, there is \
             room again.",
            |run| crowd(run, Edge { connections: Some(2), ..Edge::default() }),
        )
        .on(http3),
        at_the_edge(
            "S-EDGE-CONN-ADDR",
            "A connection beyond the number that one address may have is refused at once; when another ends, \
             there is room again.",
            |run| crowd(run, Edge { connections_per_address: Some(2), ..Edge::default() }),
        )
        .on(http3),
        at_the_edge(
            "S-EDGE-HDRCOUNT",
            "More fields than a request may have are answered 431, and the connection goes on.",
            fields,
        )
        .on(http3),
        at_the_edge(
            "S-EDGE-URI",
            "A path that is longer than the first line of a request may be is answered 414, and the connection \
             goes on.",
            path,
        )
        .on(http3),
    ]
}

/// Returns a case that starts a server with limits, and speaks one protocol with it.
fn at_the_edge<F, Running>(id: &'static str, says: &'static str, client: F) -> Case
where
    F: Fn(Run) -> Running + Send + Sync + 'static,
    Running: Future<Output = Outcome> + Send + 'static,
{
    Case::new(id, says, client).needs(&[Capability::Edge])
}

async fn start_held(run: &Run, edge: Edge) -> Outcome<Running> {
    run.start_at_the_edge(edge, held(run.notes().clone())).await
}

async fn connect(run: &Run, server: &Running) -> Outcome<Connection> {
    server.connect(run.protocol()?).await
}

/// Asks for a path, and returns the status.
async fn ask(run: &Run, connection: &mut Connection, path: &str) -> Outcome<StatusCode> {
    let reply = connection.send(run.get(path).body(Body::empty())?).await?;
    let status = reply.status();
    reply.finish().await?;
    Ok(status)
}

/// A request in flight. Dropped, it is taken back.
struct InFlight(tokio::task::JoinSet<Outcome<Reply>>);

impl InFlight {
    /// Asks for a path that is held.
    fn ask(run: &Run, connection: &Connection, path: &str) -> Outcome<Self> {
        let mut connection = connection.share()?;
        let request = run.get(path).body(Body::empty())?;
        let mut asking = tokio::task::JoinSet::new();
        asking.spawn(async move { connection.send(request).await });
        Ok(Self(asking))
    }

    /// Fails unless it is answered with the path.
    async fn answered(mut self, path: &str) -> Outcome {
        let reply = self.0.join_next().await;
        let reply = reply.ok_or_else(|| Failure::new("nothing was asked"))???;
        same("the body", reply.text().await?, path)
    }
}

async fn silent(run: Run) -> Outcome {
    let edge = Edge {
        head_timeout: Some(SHORT),
        ..times()
    };
    let server = start_held(&run, edge).await?;
    let close = async { connect(&run, &server).await?.closed().await };
    takes(SHORT, "the close", close).await
}

async fn idle(run: Run) -> Outcome {
    let edge = Edge {
        keep_alive_timeout: Some(SHORT),
        ..times()
    };
    let server = start_held(&run, edge).await?;
    let mut connection = connect(&run, &server).await?;
    for _ in 0..3 {
        same("the status", ask(&run, &mut connection, "/").await?, 200)?;
        tokio::time::sleep(SHORT / 2).await;
    }
    let flight = InFlight::ask(&run, &connection, "/held")?;
    run.notes().wait("in /held").await?;
    tokio::time::sleep(2 * SHORT).await;
    run.notes().say("go /held");
    flight.answered("/held").await?;
    takes(SHORT, "the close", connection.closed()).await
}

async fn body_rate(run: Run) -> Outcome {
    let edge = Edge {
        request_body_rate: Some((SLOWEST, SHORT)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, reads(run.notes().clone()))
        .await?;
    let mut connection = connect(&run, &server).await?;
    let mut slow = connection.share()?;
    let (mut sender, body) = body_pump(None);
    let request = run.post("/").body(body)?;
    let mut dribbling = tokio::task::JoinSet::new();
    dribbling.spawn(async move {
        while sender.data("x").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    });
    let reply = takes(SHORT, "an answer to a slow body", slow.send(request)).await?;
    same("the status", reply.status(), 408)?;
    reply.finish().await?;
    same("the status", ask(&run, &mut connection, "/").await?, 200)
}

async fn fair_body_rate(run: Run) -> Outcome {
    let edge = Edge {
        // Far slower than what is sent, so that a machine under load does not make it too slow.
        request_body_rate: Some((SLOWEST / 20, 2 * SHORT)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, reads(run.notes().clone()))
        .await?;
    let connection = connect(&run, &server).await?;
    let (mut late, body) = body_pump(None);
    let wait = 8 * SHORT.as_millis();
    let late_request = run.post(&format!("/{wait}")).body(body)?;
    let (mut sender, body) = body_pump(None);
    let request = run.post("/").body(body)?;
    let sending = async move {
        // Which makes up for what it was late.
        let mut beat = tokio::time::interval(Duration::from_millis(30));
        for _ in 0..30 {
            beat.tick().await;
            sender.data("x".repeat(100)).await?;
        }
        sender.finish();
        late.data("hello").await?;
        late.finish();
        Ok::<_, Failure>(())
    };
    let (mut one, mut other) = (connection.share()?, connection.share()?);
    let (reply, late, sent) = tokio::join!(one.send(request), other.send(late_request), sending);
    sent?;
    same("the body", reply?.text().await?, "3000")?;
    same("the body", late?.text().await?, "5")
}

async fn write_rate(run: Run) -> Outcome {
    let edge = Edge {
        response_rate: Some((1_000_000, SHORT / 10)),
        ..times()
    };
    let server = run
        .start_at_the_edge(edge, endless(run.notes().clone()))
        .await?;
    let mut connection = connect(&run, &server).await?;
    let _unread = connection.send(run.get("/").body(Body::empty())?).await?;
    run.notes().wait("dropped").await?;
    connection.closed().await
}

async fn age(run: Run) -> Outcome {
    let edge = Edge {
        // A request has to come before the connection is old.
        connection_age: Some(4 * SHORT),
        ..times()
    };
    let server = start_held(&run, edge).await?;
    let mut idle = connect(&run, &server).await?;
    let mut busy = connect(&run, &server).await?;
    same("the status", ask(&run, &mut idle, "/").await?, 200)?;
    let flight = InFlight::ask(&run, &busy, "/held")?;
    run.notes().wait("in /held").await?;
    within_for(4 * SHORT + SOON, "the close", idle.closed()).await??;
    tokio::time::sleep(SHORT).await;
    run.notes().say("go /held");
    flight.answered("/held").await?;
    within_for(SOON, "the close", busy.closed()).await?
}

async fn requests(run: Run) -> Outcome {
    let edge = Edge {
        requests_per_connection: Some(3),
        keep_alive_timeout: Some(LONG),
        ..Edge::default()
    };
    let server = start_held(&run, edge).await?;
    let mut connection = connect(&run, &server).await?;
    for _ in 0..3 {
        same("the status", ask(&run, &mut connection, "/").await?, 200)?;
    }
    within_for(SOON, "the close", connection.closed()).await?
}

async fn at_once(run: Run) -> Outcome {
    let edge = Edge {
        requests_at_once: Some(2),
        ..Edge::default()
    };
    let server = start_held(&run, edge).await?;
    let mut connection = connect(&run, &server).await?;
    // What the server takes is known once it has answered.
    same("the status", ask(&run, &mut connection, "/").await?, 200)?;
    let first = InFlight::ask(&run, &connection, "/1")?;
    let second = InFlight::ask(&run, &connection, "/2")?;
    run.notes().wait("in /1").await?;
    run.notes().wait("in /2").await?;
    let third = InFlight::ask(&run, &connection, "/3")?;
    tokio::time::sleep(A_WHILE).await;
    same("how many more came", run.notes().count("in /3"), 0)?;
    run.notes().say("go /1");
    first.answered("/1").await?;
    run.notes().wait("in /3").await?;
    run.notes().say("go /2");
    run.notes().say("go /3");
    second.answered("/2").await?;
    third.answered("/3").await
}

/// Opens a connection, and fails unless it carries a request.
async fn served(run: &Run, server: &Running) -> Outcome<Connection> {
    let mut connection = connect(run, server).await?;
    same("the status", ask(run, &mut connection, "/").await?, 200)?;
    Ok(connection)
}

async fn crowd(run: Run, edge: Edge) -> Outcome {
    let server = start_held(&run, edge).await?;
    let first = served(&run, &server).await?;
    let mut second = served(&run, &server).await?;
    let third = within_for(SOON, "a refusal", served(&run, &server)).await?;
    ensure(third.is_err(), "there is room for a third")?;
    same("the status", ask(&run, &mut second, "/").await?, 200)?;
    drop(first);
    let again = async {
        loop {
            if let Ok(connection) = served(&run, &server).await {
                return connection;
            }
        }
    };
    let room = within_for(SOON, "room for a connection", again).await;
    room.map(drop)
}

async fn fields(run: Run) -> Outcome {
    let edge = Edge {
        request_fields: Some(20),
        ..Edge::default()
    };
    let server = start_held(&run, edge).await?;
    let mut connection = connect(&run, &server).await?;
    // The kit sends one of its own.
    for (count, expected) in [(19, 200), (20, 431), (19, 200)] {
        let request = (0..count).fold(run.get("/"), |request, at| {
            request.header(format!("a{at}"), "b")
        });
        let reply = connection.send(request.body(Body::empty())?).await?;
        same("the status", reply.status(), expected)?;
    }
    Ok(())
}

async fn path(run: Run) -> Outcome {
    let edge = Edge {
        request_line: Some(512),
        ..Edge::default()
    };
    let server = start_held(&run, edge).await?;
    let mut connection = connect(&run, &server).await?;
    for (length, expected) in [(400, 200), (600, 414), (400, 200)] {
        let target = format!("/?{}", "q".repeat(length));
        let status = ask(&run, &mut connection, &target).await?;
        same("the status", status, expected)?;
    }
    Ok(())
}
