//! S-UPG: connections that leave HTTP.

use http::request::Builder;
use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use transom::features::{ServerLifetime, ServerStatistics, Upgrade, UpgradeError, Upgraded};
use transom::{App, Body, Request, RequestExt, Response};

use super::held::{A_WHILE, eventually, spoken, status, text};
use crate::{
    Capability, Case, Failure, Notes, Outcome, Protocol, Run, Running, ensure, same, within,
};

pub(super) fn cases() -> Vec<Case> {
    let both = |id, says, client: fn(Run) -> Client| {
        Case::new(id, says, client)
            .on(&[Protocol::Memory, Protocol::Http1])
            .needs(&[Capability::UpgradeWebsocket])
    };
    vec![
        Case::wire(
            "S-UPG-H1",
            "After a 101 the bytes of the connection flow both ways, and those that came along with the head \
             of the request are read first.",
            read_ahead,
        )
        .with_app(echo)
        .needs(&[Capability::UpgradeWebsocket]),
        both(
            "S-UPG-DUPLEX",
            "On an upgraded connection neither direction waits for the other.",
            |run| Box::pin(duplex(run)),
        )
        .with_app(talks_all_the_time),
        both(
            "S-UPG-TOKEN",
            "A connection is handed over whatever protocol the client asks for.",
            |run| Box::pin(any_token(run)),
        )
        .with_app(echo)
        .needs(&[Capability::UpgradeAny]),
        both(
            "S-UPG-REFUSE",
            "A request for an upgrade may be answered like any other; then its connection can be used \
             again, or is closed.",
            |run| Box::pin(refuse(run)),
        ),
        both(
            "S-UPG-CANCEL",
            "An upgrade that was accepted, and answered with another status than 101, is cancelled.",
            |run| Box::pin(cancel(run)),
        )
        .with_app(accepts_but_answers_200),
        Case::wire(
            "S-UPG-GONE",
            "When the client goes away before its upgrade, whoever waits for the connection hears of it.",
            gone,
        )
        .with_app(accepts_and_waits)
        .needs(&[Capability::UpgradeWebsocket]),
        both(
            "S-UPG-TWICE",
            "An upgrade can be accepted once.",
            |run| Box::pin(twice(run)),
        )
        .with_app(accepts_twice),
        Case::new(
            "S-UPG-ABSENT",
            "A request that does not ask for an upgrade, and one to a server that has none, carries no \
             `Upgrade`.",
            absent,
        )
        .with_app(tells_of_upgrade),
        Case::lifecycle(
            "S-UPG-DRAIN",
            "An upgraded connection is counted, hears that the server stops, and is waited for.",
            drain,
        )
        .needs(&[Capability::UpgradeWebsocket, Capability::Drain]),
    ]
}

type Client = std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Returns a request for an upgrade.
pub(super) fn asking(run: &Run, protocol: &str) -> Builder {
    run.get("/")
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, protocol)
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
}

/// The same as fields of HTTP/1.1.
const ASKING: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Accepts the upgrade, and hands the connection to `talk`.
pub(super) fn switch<T>(
    request: &Request,
    notes: &Notes,
    talk: impl FnOnce(Upgraded) -> T + Send + 'static,
) -> Response
where
    T: Future<Output = Outcome> + Send,
{
    let offer = request.feature::<dyn Upgrade>();
    let Some(Ok(upgrading)) = offer.map(<dyn Upgrade>::accept) else {
        return status(StatusCode::NOT_IMPLEMENTED);
    };
    let notes = notes.clone();
    tokio::spawn(async move {
        let talked = async { talk(within("the connection", upgrading).await??).await };
        match talked.await {
            Ok(()) => notes.say("talked"),
            Err(failure) => notes.say(format!("the application failed: {failure}")),
        }
    });
    let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    if let Some(protocol) = request.headers().get(header::UPGRADE) {
        headers.insert(header::UPGRADE, protocol.clone());
    }
    response
}

/// Sends back whatever comes.
fn echo(notes: Notes) -> App {
    App::new(move |request: Request| {
        let response = switch(&request, &notes, |mut connection| async move {
            let mut buffer = [0; 1024];
            loop {
                let read = within("bytes", connection.read(&mut buffer)).await??;
                if read == 0 {
                    return Ok(connection.shutdown().await?);
                }
                connection.write_all(&buffer[..read]).await?;
                connection.flush().await?;
            }
        });
        std::future::ready(response)
    })
}

async fn read_ahead(run: Run) -> Outcome {
    for ahead in ["", "along with the head", &"much ".repeat(20_000)] {
        read_what_was_ahead(&run, ahead).await?;
    }
    Ok(())
}

async fn read_what_was_ahead(run: &Run, ahead: &str) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(run.head("GET", "/") + ASKING + "\r\n" + ahead)
        .await?;
    let head = wire.read_head().await?;
    same("the status", head.status, 101)?;
    ensure(
        head.has_token("connection", "upgrade") && head.has_token("upgrade", "websocket"),
        format!("the fields of the 101 are {:?}", head.fields),
    )?;
    let back = wire.read(ahead.len()).await?;
    ensure(
        back == ahead,
        format!(
            "what came back is not what was sent, of {} bytes",
            ahead.len()
        ),
    )?;
    // Nothing of it is HTTP any more.
    let bytes = b"GET / HTTP/1.1\r\n\r\n\0\xff";
    wire.send(bytes).await?;
    same("what came back", wire.read(bytes.len()).await?, &bytes[..])?;
    wire.half_close().await?;
    wire.expect_close().await?;
    run.notes().wait("talked").await
}

/// How many bytes go each way at the same time.
const MUCH: usize = 512 * 1024;

async fn talk_all_the_time(connection: Upgraded) -> Outcome {
    let (mut reader, mut writer) = tokio::io::split(connection);
    let writing = async {
        for _ in 0..MUCH / 4096 {
            writer.write_all(&[7; 4096]).await?;
        }
        writer.flush().await
    };
    let reading = read_sevens(&mut reader, MUCH);
    let (written, read) = within("talking both ways", async {
        tokio::join!(writing, reading)
    })
    .await?;
    written?;
    read
}

async fn read_sevens(reader: &mut (impl AsyncRead + Unpin), count: usize) -> Outcome {
    let mut data = vec![0; count];
    reader.read_exact(&mut data).await?;
    ensure(
        data.iter().all(|byte| *byte == 7),
        "the bytes are not those that were sent",
    )
}

fn talks_all_the_time(notes: Notes) -> App {
    App::new(move |request: Request| {
        std::future::ready(switch(&request, &notes, talk_all_the_time))
    })
}

async fn duplex(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let reply = connection
        .send(asking(&run, "websocket").body(Body::empty())?)
        .await?;
    talk_all_the_time(reply.into_upgraded()?).await?;
    run.notes().wait("talked").await
}

async fn any_token(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let reply = connection
        .send(asking(&run, "x-conformance/1.0").body(Body::empty())?)
        .await?;
    same("the status", reply.status(), 101)?;
    let token = reply.headers().get(header::UPGRADE);
    same(
        "the field Upgrade",
        token.map(HeaderValue::as_bytes),
        Some(&b"x-conformance/1.0"[..]),
    )?;
    speaks(&mut reply.into_upgraded()?, "anything").await
}

/// Says something to an echo, and hears it.
async fn speaks(connection: &mut (impl AsyncRead + AsyncWrite + Unpin), what: &str) -> Outcome {
    connection.write_all(what.as_bytes()).await?;
    connection.flush().await?;
    let mut back = vec![0; what.len()];
    within("the echo", connection.read_exact(&mut back)).await??;
    same("the echo", back, what.as_bytes())
}

async fn refuse(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    run.observe_on(&mut connection, asking(&run, "websocket"), Body::empty())
        .await?;
    let next = connection.send_patiently(run.get("/").body(Body::empty())?);
    // A closed connection is right too; one that says nothing is not.
    match within("the next answer, or the close", next).await? {
        Ok(reply) => same("the status", reply.status(), 200),
        Err(_) => Ok(()),
    }
}

fn accepts_but_answers_200(notes: Notes) -> App {
    App::new(move |request: Request| {
        let offer = request.feature::<dyn Upgrade>();
        let accepted = offer.map(<dyn Upgrade>::accept);
        let notes = notes.clone();
        tokio::spawn(async move {
            let Some(Ok(upgrading)) = accepted else {
                return notes.say("there was no upgrade");
            };
            match within("the end of the upgrade", upgrading).await {
                Ok(Err(error)) if error.is_cancelled() => notes.say("cancelled"),
                other => notes.say(format!("it ended with {other:?}")),
            }
        });
        std::future::ready(text("no upgrade"))
    })
}

async fn cancel(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let reply = connection
        .send(asking(&run, "websocket").body(Body::empty())?)
        .await?;
    same("the status", reply.status(), 200)?;
    same("the answer", reply.text().await?, "no upgrade")?;
    run.notes().wait("cancelled").await
}

/// Accepts, says `in`, and answers 101 after `go`; says `over` when there is no connection any more.
fn accepts_and_waits(notes: Notes) -> App {
    App::new(move |request: Request| {
        let accepted = request.feature::<dyn Upgrade>().map(<dyn Upgrade>::accept);
        let (waiting, notes) = (notes.clone(), notes.clone());
        tokio::spawn(async move {
            let Some(Ok(upgrading)) = accepted else {
                return waiting.say("there was no upgrade");
            };
            let over = async {
                match upgrading.await {
                    Ok(mut connection) => {
                        matches!(connection.read(&mut [0; 1]).await, Ok(0) | Err(_))
                    }
                    Err(_) => true,
                }
            };
            if within("the end", over).await.is_ok_and(|over| over) {
                waiting.say("over");
            }
        });
        async move {
            notes.say("in");
            let _ = notes.wait("go").await;
            let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response
        }
    })
}

async fn gone(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(run.head("GET", "/") + ASKING + "\r\n").await?;
    run.notes().wait("in").await?;
    wire.reset()?;
    run.notes().say("go");
    run.notes().wait("over").await
}

fn accepts_twice(_: Notes) -> App {
    App::new(|request: Request| {
        let offer = request.feature::<dyn Upgrade>();
        let first = offer.map(<dyn Upgrade>::accept);
        let second = offer.map(<dyn Upgrade>::accept);
        let right = matches!(&first, Some(Ok(_)))
            && matches!(&second, Some(Err(error)) if UpgradeError::is_taken(error));
        let answer = match right {
            true => "taken".to_owned(),
            false => format!("{first:?}, {second:?}"),
        };
        std::future::ready(text(answer))
    })
}

async fn twice(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let reply = connection
        .send(asking(&run, "websocket").body(Body::empty())?)
        .await?;
    same("the first and the second", reply.text().await?, "taken")
}

fn tells_of_upgrade(_: Notes) -> App {
    App::new(|request: Request| {
        let there = request.features().contains::<dyn Upgrade>();
        std::future::ready(text(there.to_string()))
    })
}

async fn absent(run: Run) -> Outcome {
    let there = async |request: Builder| {
        let mut connection = run.connect().await?;
        let reply = connection.send(request.body(Body::empty())?).await?;
        reply.text().await
    };
    same(
        "whether a plain request can be upgraded",
        there(run.get("/")).await?,
        "false",
    )?;
    let can = run.manifest().has(Capability::UpgradeWebsocket);
    if !can && !matches!(run.protocol()?, Protocol::Http2 | Protocol::Http3) {
        let asked = there(asking(&run, "websocket")).await?;
        same("whether a request can be upgraded", asked, "false")?;
    }
    Ok(())
}

/// Says goodbye when the server stops, and then waits for the client to close.
pub(super) fn says_goodbye(notes: Notes) -> App {
    App::new(move |request: Request| {
        let lifetime = request.feature::<ServerLifetime>().cloned();
        let response = switch(&request, &notes, |mut connection| async move {
            let lifetime = lifetime.ok_or_else(|| Failure::new("there is no ServerLifetime"))?;
            connection.write_all(b"hello").await?;
            connection.flush().await?;
            within("the stop", lifetime.stopping()).await?;
            connection.write_all(b"goodbye").await?;
            connection.flush().await?;
            within("the close", connection.read(&mut [0; 1])).await??;
            Ok(())
        });
        std::future::ready(response)
    })
}

/// Opens an upgraded connection to a server of the case's own.
pub(super) async fn open(run: &Run, server: &Running) -> Outcome<(crate::Connection, Upgraded)> {
    let protocol = spoken(run, server)
        .into_iter()
        .find(|protocol| !matches!(protocol, Protocol::Http2 | Protocol::Http3))
        .ok_or_else(|| Failure::new("the server speaks nothing that can be upgraded"))?;
    let mut connection = server.connect(protocol).await?;
    let reply = connection
        .send(asking(run, "websocket").body(Body::empty())?)
        .await?;
    let mut upgraded = reply.into_upgraded()?;
    hears(&mut upgraded, "hello").await?;
    Ok((connection, upgraded))
}

async fn hears(connection: &mut Upgraded, what: &str) -> Outcome {
    let mut heard = vec![0; what.len()];
    within(what, connection.read_exact(&mut heard)).await??;
    same("what was heard", heard, what.as_bytes())
}

async fn drain(run: Run) -> Outcome {
    let server = run.start(says_goodbye(run.notes().clone())).await?;
    let statistics = server.features().require::<ServerStatistics>()?.clone();
    let (_connection, mut upgraded) = open(&run, &server).await?;
    eventually("the count of one upgraded connection", || {
        statistics.upgraded() == 1 && statistics.requests() == 0
    })
    .await?;
    server.request_stop();
    hears(&mut upgraded, "goodbye").await?;
    let mut ended = std::pin::pin!(server.ended());
    let early = tokio::time::timeout(A_WHILE, &mut ended).await;
    ensure(
        early.is_err(),
        "the server ended before its upgraded connection",
    )?;
    // Dropped alone it would break off, where the server can tell.
    upgraded.shutdown().await?;
    drop(upgraded);
    run.notes().wait("talked").await?;
    ended.await?;
    same("the upgraded connections", statistics.upgraded(), 0)
}
