//! H-DROP, H-NOLEAK: what is left of a server, and of its requests, when they are over.

use http::{StatusCode, header};
use tokio::io::AsyncReadExt;
use transom::features::{ServerStatistics, Upgrade};
use transom::{App, Body, Request, RequestExt};

use super::held::{A_WHILE, SOON, eventually, held, some_protocol, spoken, text};
use super::own_runtime::OwnRuntime;
use super::start::{answers, answers_on, bound, server_at};
use super::upgrade;
use crate::{
    Capability, Case, Failure, Notes, Outcome, Reply, Run, Running, ensure, same, within,
    within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::lifecycle(
            "H-DROP",
            "Dropping the future of `serve` aborts requests in flight, serves idle connections no more, and leaves \
             no task behind.",
            drop_aborts,
        ),
        Case::lifecycle(
            "H-DROP-UPGRADED",
            "Dropping the future of `serve` closes upgraded connections.",
            drop_aborts_upgraded,
        )
        .needs(&[Capability::UpgradeWebsocket]),
        Case::lifecycle(
            "H-DROP-PORT",
            "Dropping the future of `serve` frees its addresses.",
            drop_frees_the_port,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
        Case::lifecycle(
            "H-NOLEAK",
            "After 200 requests, answered and abandoned, no task is left of them, and nothing is counted.",
            no_leak,
        ),
        Case::lifecycle(
            "H-ERASED",
            "A server behind `BoxServer` has the features that it has by itself, and hands over the same \
             requests.",
            erased,
        ),
    ]
}

async fn drop_aborts(run: Run) -> Outcome {
    let runtime = OwnRuntime::new(2)?;
    let server = {
        let run = run.clone();
        let app = held(run.notes().clone());
        runtime.run(async move { run.start(app).await }).await?
    };
    let (mut asking, mut idle) = (Vec::new(), Vec::new());
    for protocol in spoken(&run, &server) {
        let path = format!("/{protocol}");
        let mut connection = server.connect(protocol).await?;
        answers_on(&run, &mut connection).await?;
        idle.push(connection);
        let mut connection = server.connect(protocol).await?;
        let request = run.get(&path).body(Body::empty())?;
        let reply = tokio::spawn(async move { connection.send(request).await.map(drop) });
        run.notes().wait(&format!("in {path}")).await?;
        asking.push((path, reply));
    }
    server.abort().await;
    for (path, reply) in asking {
        run.notes().wait(&format!("dropped {path}")).await?;
        let reply = within(&format!("the end of {path}"), reply).await??;
        ensure(reply.is_err(), format!("{path} was answered"))?;
    }
    // Where connections are not the server's to close, whoever has them says that nobody serves.
    let keeps = !run.manifest().has(Capability::CloseIdleOnStop);
    let serves = |reply: Reply| !keeps || reply.status() == StatusCode::OK;
    for mut connection in idle {
        let next = connection.send_patiently(run.get("/").body(Body::empty())?);
        let next = within("the close of an idle connection", next).await?;
        ensure(
            !next.is_ok_and(serves),
            "an idle connection is still served",
        )?;
    }
    eventually("the end of every task", || runtime.tasks() == 0).await
}

async fn drop_aborts_upgraded(run: Run) -> Outcome {
    let runtime = OwnRuntime::new(2)?;
    let server = {
        let run = run.clone();
        let app = upgrade::says_goodbye(run.notes().clone());
        runtime.run(async move { run.start(app).await }).await?
    };
    let (_connection, mut upgraded) = upgrade::open(&run, &server).await?;
    server.abort().await;
    let mut rest = Vec::new();
    let closed = upgraded.read_to_end(&mut rest);
    // In order or not, as long as it is.
    let _ = within_for(SOON, "the close of the upgraded connection", closed).await?;
    same("what else was said", rest.len(), 0)
}

async fn drop_frees_the_port(run: Run) -> Outcome {
    let server = server_at(&run, "http://127.0.0.1:0")?;
    let server = Running::start(server, held(run.notes().clone())).await?;
    let address = bound(&server)?[0].to_string();
    let mut connection = server
        .connect(some_protocol(&run, server.features())?)
        .await?;
    answers_on(&run, &mut connection).await?;
    server.abort().await;
    let next = server_at(&run, &address)?;
    let next = Running::start(next, held(run.notes().clone())).await?;
    answers(&run, &next).await
}

/// Answers `/` at once, and any other path after `go PATH`; spawns nothing.
fn waits(notes: Notes) -> App {
    App::new(move |request: Request| {
        let (notes, path) = (notes.clone(), request.uri().path().to_owned());
        async move {
            if path != "/" {
                notes.say(format!("in {path}"));
                let _ = notes.wait(&format!("go {path}")).await;
            }
            text("at once")
        }
    })
}

async fn no_leak(run: Run) -> Outcome {
    let runtime = OwnRuntime::new(2)?;
    let server = {
        let run = run.clone();
        let app = waits(run.notes().clone());
        runtime.run(async move { run.start(app).await }).await?
    };
    let statistics = server.features().require::<ServerStatistics>()?.clone();
    let nothing_is_counted =
        || statistics.is_idle() && statistics.connections() == 0 && statistics.upgraded() == 0;
    // What a server makes at its first request may stay.
    answers(&run, &server).await?;
    eventually("the end of the first requests", nothing_is_counted).await?;
    let before = settled(&runtime).await;
    let protocols = spoken(&run, &server);
    for round in 0..20 {
        for protocol in &protocols {
            let mut connection = server.connect(*protocol).await?;
            for _ in 0..9 / protocols.len().max(1) {
                answers_on(&run, &mut connection).await?;
            }
            let path = format!("/{protocol}/{round}");
            let request = run.get(&path).body(Body::empty())?;
            let arrived = format!("in {path}");
            tokio::select! {
                reply = connection.send(request) => drop(reply?),
                arrived = run.notes().wait(&arrived) => arrived?,
            }
            drop(connection);
            // A client that only ends its side may be waiting for its answer.
            run.notes().say(format!("go {path}"));
        }
    }
    eventually("the end of what is counted", nothing_is_counted)
        .await
        .map_err(|failure| failure.at(format!("{statistics:?}")))?;
    eventually("the end of every task", || runtime.tasks() <= before)
        .await
        .map_err(|failure| failure.at(format!("{} tasks, then {}", before, runtime.tasks())))
}

/// Returns how many tasks there are when no more come: some servers answer before they have all that they are made of.
async fn settled(runtime: &OwnRuntime) -> usize {
    let mut tasks = runtime.tasks();
    let mut steady = 0;
    // Those of one that never settles are counted as they are.
    for _ in 0..50 {
        tokio::time::sleep(A_WHILE / 2).await;
        let now = runtime.tasks();
        steady = if now == tasks { steady + 1 } else { 0 };
        tasks = now;
        if steady == 5 {
            break;
        }
    }
    tasks
}

async fn erased(run: Run) -> Outcome {
    let seen = |server: &Running| {
        let mut names: Vec<_> = server.features().names().map(str::to_owned).collect();
        names.sort();
        names
    };
    let app = || App::new(|request: Request| std::future::ready(text(describe(&request))));
    let own = run.target().start_unerased(run.lint(app())).await?;
    let erased = run.start(app()).await?;
    same("the features behind `BoxServer`", seen(&erased), seen(&own))?;
    for protocol in spoken(&run, &own) {
        let mut answers = Vec::new();
        for server in [&own, &erased] {
            let mut connection = server.connect(protocol).await?;
            let request = run.post("/a%2Fb?c").header("content-type", "text/plain");
            let reply = connection.send(request.body(Body::from("body"))?).await?;
            answers.push(reply.text().await?);
        }
        let [own, erased] = &answers[..] else {
            return Err(Failure::new("there are not two answers"));
        };
        same("the request behind `BoxServer`", erased, own)?;
    }
    Ok(())
}

fn describe(request: &Request) -> String {
    let mut names: Vec<_> = request.features().names().collect();
    names.sort_unstable();
    let upgrade = request.features().contains::<dyn Upgrade>();
    let (method, uri, version) = (request.method(), request.uri(), request.version());
    let mut fields: Vec<_> = request.headers().iter().collect();
    // Each server has a port of its own.
    fields.retain(|(name, _)| *name != header::HOST);
    fields.sort_by_key(|(name, _)| name.as_str());
    format!("{method} {uri} {version:?} {fields:?} {names:?} {upgrade}")
}
