//! S-CANCEL: how an application hears that its client is gone, and that it is not.

use std::convert::Infallible;
use std::future::pending;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use transom::features::RequestLifetime;
use transom::{App, Body, Request, Response};

use super::held::{A_WHILE, SOON, held, text, watch};
use crate::{
    Capability, Case, Connection, Failure, Notes, Outcome, Protocol, Run, ensure, same, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire(
            "S-CANCEL-H1",
            "When the client closes the connection while the application works, `RequestLifetime` says so \
             within two seconds.",
            close,
        )
        .with_app(held)
        .needs(&[Capability::DisconnectH1]),
        Case::new(
            "S-CANCEL-H2",
            "The reset of a stream cancels its request, and no other on the connection.",
            reset_of_one_stream,
        )
        .on(&[Protocol::Memory, Protocol::Gateway, Protocol::Http2, Protocol::Http3])
        .with_app(held)
        .needs_on(Protocol::Gateway, Capability::DisconnectH1)
        .needs_on(Protocol::Http2, Capability::DisconnectH2),
        Case::new(
            "S-CANCEL-DROP",
            "When nobody can be answered any more, the future of the application is dropped.",
            drop_of_the_future,
        )
        .with_app(held)
        .needs(&[Capability::Cancel]),
        Case::new(
            "S-CANCEL-BODY",
            "When the client goes away while the response streams, `RequestLifetime` says so.",
            body,
        )
        .with_app(endless)
        .needs_on(Protocol::Gateway, Capability::DisconnectH1)
        .needs_on(Protocol::Http1, Capability::DisconnectH1)
        .needs_on(Protocol::Http2, Capability::DisconnectH2),
        Case::new(
            "S-CANCEL-DONE",
            "The client of a request that was answered in full is never said to be gone, although its \
             connection closes.",
            done,
        ),
        Case::wire(
            "S-CANCEL-HALF-CLOSE",
            "A request whose client shuts its sending side right behind it is answered, and so is one behind it.",
            half_close,
        )
        .with_app(slow)
        .needs(&[Capability::HalfClose]),
    ]
}

async fn close(run: Run) -> Outcome {
    // The application reads no body, and yet the end of the connection is behind it, or within it.
    for (path, rest) in [
        ("/none", "\r\n"),
        ("/whole", "Content-Length: 4\r\n\r\nbody"),
        ("/part", "Content-Length: 9\r\n\r\nbody"),
    ] {
        let mut wire = run.wire().await?;
        let method = if path == "/none" { "GET" } else { "POST" };
        wire.send(run.head(method, path) + rest).await?;
        run.notes().wait(&format!("in {path}")).await?;
        let word = format!("disconnected {path}");
        ensure(
            run.notes().count(&word) == 0,
            "the client is said to be gone while it waits",
        )?;
        drop(wire);
        let told = run.notes().wait(&word);
        within_for(SOON, "the word that the client is gone", told)
            .await
            .map_err(|failure| failure.at(path))??;
        run.notes().say(format!("go {path}"));
    }
    Ok(())
}

async fn reset_of_one_stream(run: Run) -> Outcome {
    let mut one = run.connect().await?;
    let mut other = one.share()?;
    let request = run.get("/other").body(Body::empty())?;
    let notes = run.notes();
    let answered = other.send(request);
    let resetting = async {
        notes.wait("in /other").await?;
        give_up(&run, &mut one, "/one").await?;
        notes.wait("disconnected /one").await?;
        tokio::time::sleep(A_WHILE).await;
        same(
            "how often the other request was said to be gone",
            notes.count("disconnected /other"),
            0,
        )?;
        notes.say("go /other");
        Ok::<_, Failure>(())
    };
    let (reply, reset) = tokio::join!(answered, resetting);
    reset?;
    same("the other answer", reply?.text().await?, "/other")
}

async fn drop_of_the_future(run: Run) -> Outcome {
    if run.protocol()? == Protocol::Http1 {
        let mut wire = run.wire().await?;
        wire.send(run.head("GET", "/held") + "\r\n").await?;
        run.notes().wait("in /held").await?;
        wire.reset()?;
    } else {
        give_up(&run, &mut run.connect().await?, "/held").await?;
    }
    let dropped = run.notes().wait("dropped /held");
    within_for(SOON, "the drop of the application's future", dropped).await?
}

/// Sends a request, and waits for its answer no longer than until the application has it.
async fn give_up(run: &Run, connection: &mut Connection, path: &str) -> Outcome {
    let request = run.get(path).body(Body::empty())?;
    let arrived = format!("in {path}");
    tokio::select! {
        reply = connection.send(request) => Err(Failure::new(format!("{path} was answered: {reply:?}"))),
        arrived = run.notes().wait(&arrived) => arrived,
    }
}

/// Answers with a body that begins and does not end.
fn endless(notes: Notes) -> App {
    App::new(move |request: Request| {
        watch(&request, &notes, "/endless");
        let begun = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"begun"))]);
        let body = Body::from_stream(begun.chain(stream::once(pending())));
        std::future::ready(Response::new(body))
    })
}

async fn body(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let mut reply = connection.send(run.get("/").body(Body::empty())?).await?;
    same("the first data", reply.data().await?, Some("begun".into()))?;
    drop((reply, connection));
    let told = run.notes().wait("disconnected /endless");
    within_for(SOON, "the word that the client is gone", told).await?
}

async fn done(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let request = run.post("/").header("content-type", "text/plain");
    let seen = run
        .observe_on(&mut connection, request, Body::from("body"))
        .await?;
    let lifetime = seen.features.require::<RequestLifetime>()?.clone();
    ensure(
        !lifetime.is_disconnected(),
        "the client is said to be gone while its connection is open",
    )?;
    drop(connection);
    let gone = within_for(A_WHILE, "the end", lifetime.disconnected());
    ensure(
        gone.await.is_err(),
        "the client is said to be gone although it has its answer",
    )
}

/// Takes long enough for the end of the input to arrive.
fn slow(_: Notes) -> App {
    App::new(|_: Request| async {
        tokio::time::sleep(A_WHILE).await;
        text("answered")
    })
}

async fn half_close(run: Run) -> Outcome {
    let pipelining = run.manifest().has(Capability::Pipelining);
    for count in 1..=1 + usize::from(pipelining) {
        let mut wire = run.wire().await?;
        let request = run.head("GET", "/") + "\r\n";
        wire.send(request.repeat(count)).await?;
        wire.half_close().await?;
        for _ in 0..count {
            let reply = wire.read_reply().await?;
            same("the status", reply.head.status, StatusCode::OK.as_u16())?;
            same("the body", &reply.body[..], b"answered")?;
        }
        wire.expect_close().await?;
    }
    Ok(())
}
