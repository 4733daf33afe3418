//! S-CONC, and where the application runs: many requests at once, threads, the runtime.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use transom::{App, Body, Request, Response};

use super::held::{SOON, eventually, held, some_protocol, text};
use super::own_runtime::OwnRuntime;
use crate::{
    Capability, Case, Connection, Failure, Notes, Outcome, Protocol, Run, same, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-CONC-KEEPALIVE",
            "One connection carries two hundred requests, one after the other.",
            keep_alive,
        )
        .with_app(path)
        .needs_on(Protocol::Http1, Capability::KeepAlive),
        Case::wire(
            "S-CONC-PIPELINE",
            "Requests that are sent without waiting are answered in their order.",
            pipeline,
        )
        .with_app(later_is_faster)
        .needs(&[Capability::Pipelining]),
        Case::new(
            "S-CONC-CONNECTIONS",
            "Of 64 connections at once, one whose answer takes its time holds up none of the others.",
            connections,
        )
        .with_app(held),
        Case::new(
            "S-CONC-H2",
            "Of 100 requests at once on one connection, one whose answer takes its time holds up none of \
             the others.",
            streams,
        )
        .on(&[Protocol::Memory, Protocol::Gateway, Protocol::Http2, Protocol::Http3])
        .with_app(held),
        Case::new(
            "S-SEND",
            "An application that is woken from a thread of its own goes on.",
            woken,
        )
        .with_app(waits_for_a_thread),
        Case::new(
            "S-RUNTIME",
            "The application can sleep, spawn and connect with tokio, inside any server.",
            runtime,
        )
        .with_app(uses_tokio),
        Case::lifecycle(
            "S-BLOCK",
            "An application that blocks its thread holds up no other request.",
            blocking,
        )
        .needs(&[Capability::BlockingApplication]),
    ]
}

fn path(_: Notes) -> App {
    App::new(|request: Request| async move { text(request.uri().path()) })
}

async fn keep_alive(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    for number in 0..200 {
        ask(&run, &mut connection, &format!("/{number}"))
            .await
            .map_err(|failure| failure.at(format!("request {number}")))?;
    }
    Ok(())
}

/// Sends a request whose answer is its path.
async fn ask(run: &Run, connection: &mut Connection, path: &str) -> Outcome {
    let reply = connection.send(run.get(path).body(Body::empty())?).await?;
    same("the answer", reply.text().await?, path)
}

/// How many requests are sent ahead.
const AHEAD: u64 = 16;

fn later_is_faster(_: Notes) -> App {
    App::new(|request: Request| async move {
        let number = request.uri().path()[1..].parse().unwrap_or(AHEAD);
        tokio::time::sleep(Duration::from_millis(AHEAD - number)).await;
        text(number.to_string())
    })
}

async fn pipeline(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    let requests = (0..AHEAD).map(|number| run.head("GET", &format!("/{number}")) + "\r\n");
    wire.send(requests.collect::<String>()).await?;
    for number in 0..AHEAD {
        let reply = wire.read_reply().await?;
        same(
            "the number of the answer",
            reply.body,
            number.to_string().into_bytes(),
        )?;
    }
    Ok(())
}

async fn connections(run: Run) -> Outcome {
    let mut connections = Vec::new();
    for _ in 0..64 {
        connections.push(run.connect().await?);
    }
    slow_holds_up_none(run, connections).await
}

async fn streams(run: Run) -> Outcome {
    let connection = run.connect().await?;
    let mut streams = Vec::new();
    for _ in 0..99 {
        streams.push(connection.share()?);
    }
    streams.push(connection);
    slow_holds_up_none(run, streams).await
}

/// Sends a request on each; the first is answered when all the others were.
async fn slow_holds_up_none(run: Run, mut connections: Vec<Connection>) -> Outcome {
    // Last, for it owns the connection that the others share.
    let mut slow = connections.pop().ok_or_else(|| Failure::new("none"))?;
    let request = run.get("/slow").body(Body::empty())?;
    let notes = run.notes();
    let others = async {
        notes.wait("in /slow").await?;
        let mut quick = JoinSet::new();
        for mut connection in connections {
            let request = run.get("/").body(Body::empty())?;
            quick.spawn(async move { connection.send(request).await?.text().await });
        }
        while let Some(answer) = quick.join_next().await {
            same("a quick answer", answer??, "at once")?;
        }
        notes.say("go /slow");
        Ok::<_, Failure>(())
    };
    let (reply, others) = tokio::join!(slow.send(request), others);
    others?;
    same("the slow answer", reply?.text().await?, "/slow")
}

/// Is woken twice, from threads that no runtime knows.
fn waits_for_a_thread(_: Notes) -> App {
    App::new(|_: Request| async {
        for _ in 0..2 {
            let done = Arc::new(Mutex::new((false, None::<Waker>)));
            let shared = Arc::clone(&done);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(5));
                let mut done = shared.lock().unwrap_or_else(PoisonError::into_inner);
                done.0 = true;
                if let Some(waker) = done.1.take() {
                    waker.wake();
                }
            });
            std::future::poll_fn(|cx| {
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                if done.0 {
                    return Poll::Ready(());
                }
                done.1 = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
        text("/woken")
    })
}

async fn woken(run: Run) -> Outcome {
    ask(&run, &mut run.connect().await?, "/woken").await
}

fn uses_tokio(_: Notes) -> App {
    App::new(|_: Request| async {
        match use_tokio().await {
            Ok(()) => text("/used"),
            Err(failure) => text(failure.to_string()),
        }
    })
}

async fn use_tokio() -> Outcome {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let spawned = tokio::spawn(async {
        tokio::task::yield_now().await;
        7
    });
    same("what the task returned", spawned.await?, 7)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    drop(listener.accept().await?);
    same("what was read", client.read(&mut [0; 1]).await?, 0)
}

async fn runtime(run: Run) -> Outcome {
    ask(&run, &mut run.connect().await?, "/used").await
}

async fn blocking(run: Run) -> Outcome {
    // One worker: a server that blocks it has no other.
    let runtime = OwnRuntime::new(1)?;
    let (release, released) = mpsc::channel::<()>();
    let (notes, released) = (run.notes().clone(), Mutex::new(released));
    let app = App::new(move |request: Request| {
        if request.uri().path() == "/blocked" {
            notes.say("in /blocked");
            let released = released.lock().unwrap_or_else(PoisonError::into_inner);
            // Let go when the case ends, too.
            let _ = released.recv_timeout(crate::DEADLINE);
        }
        let response: Response = text(request.uri().path());
        std::future::ready(response)
    });
    let server = {
        let run = run.clone();
        runtime.run(async move { run.start(app).await }).await?
    };
    let protocol = some_protocol(&run, server.features())?;
    // More than a server has workers that is content with one for each processor.
    let many = std::thread::available_parallelism()?.get() + 1;
    let mut blocked = JoinSet::new();
    for _ in 0..many {
        let (run, mut connection) = (run.clone(), server.connect(protocol).await?);
        blocked.spawn(async move { ask(&run, &mut connection, "/blocked").await });
    }
    eventually("that many blocked requests at once", || {
        run.notes().count("in /blocked") == many
    })
    .await?;
    let mut other = server.connect(protocol).await?;
    let asked = ask(&run, &mut other, "/other");
    within_for(SOON, "another answer while they block", asked).await??;
    drop(release);
    while let Some(answer) = blocked.join_next().await {
        answer??;
    }
    Ok(())
}
