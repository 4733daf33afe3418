//! H-STOP-ORDER, H-STOP-DEADLINE and their like: a server in a host.

use std::time::Duration;

use tokio::task::JoinHandle;
use transom::features::{ServerInfo, ServerLifetime, ServerStatistics};
use transom::hosting::HostLifetime;
use transom::{App, Body, Features, Host, Request, RequestExt, RunningHost};

use super::held::{A_WHILE, SOON, held, some_protocol, text};
use super::start::{free_address, is_free, server_at};
use crate::{
    Capability, Case, Connection, Failure, Outcome, Run, ensure, same, within, within_for,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::lifecycle(
            "H-STOP-ORDER",
            "A host's token `stopping` comes before the server's, the requests in flight end behind both, and \
             `stopped` comes last.",
            order,
        )
        .needs(&[Capability::Drain]),
        Case::lifecycle(
            "H-STOP-DEADLINE",
            "What has not ended when a host's patience does is aborted, and the error says what that was.",
            deadline,
        ),
        Case::lifecycle(
            "H-STOP-TWICE",
            "To ask a host to stop once more changes nothing: what is in flight is waited for.",
            twice,
        )
        .needs(&[Capability::Drain]),
        Case::lifecycle(
            "H-STOP-FORCE",
            "A host that is asked to abort while it drains aborts at once.",
            force,
        ),
        Case::lifecycle(
            "H-BINDFAIL-HOST",
            "When the second of two servers does not bind, the host does not start, and the first is released.",
            bind_fails,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
        Case::lifecycle(
            "H-START-FAIL",
            "When the pipeline cannot be built, the host does not start, and its server is released.",
            start_fails,
        )
        .needs(&[Capability::Tcp, Capability::PortZero]),
    ]
}

/// Starts a host with the server.
async fn start(run: &Run, grace: Duration, app: App) -> Outcome<RunningHost> {
    let app = run.lint(app);
    let host = Host::builder(run.target().server())
        .with_shutdown_timeout(grace)
        .configure(|pipeline| pipeline.run(app));
    Ok(within("the start of the host", host.start()).await??)
}

fn features(host: &RunningHost) -> Outcome<&Features> {
    let first = host.server_features().next();
    first.ok_or_else(|| Failure::new("the host has no server"))
}

/// Sends a request that is in flight until `go /held`.
async fn ask(run: &Run, host: &RunningHost) -> Outcome<JoinHandle<Outcome<String>>> {
    let features = features(host)?;
    let protocol = some_protocol(run, features)?;
    let mut connection = Connection::open(protocol, features).await?;
    let request = run.get("/held").body(Body::empty())?;
    let asking = tokio::spawn(async move { connection.send(request).await?.text().await });
    run.notes().wait("in /held").await?;
    Ok(asking)
}

async fn order(run: Run) -> Outcome {
    let notes = run.notes().clone();
    let server = run.target().server();
    let report = run.clone();
    let host = Host::builder(server).try_configure(move |pipeline| {
        let host = pipeline
            .server_features()
            .require::<HostLifetime>()?
            .clone();
        let app = App::new(move |request: Request| {
            let (notes, host) = (notes.clone(), host.clone());
            async move {
                notes.say(match host.is_started() {
                    true => "in /held",
                    false => "before `started`",
                });
                let Some(server) = request.feature::<ServerLifetime>() else {
                    return text("there is no ServerLifetime");
                };
                if within("the stop", server.stopping()).await.is_err() {
                    return text("the server does not say that it stops");
                }
                let before = host.is_stopping() && !host.is_stopped();
                let _ = notes.wait("go /held").await;
                text(format!("{before} {}", host.is_stopped()))
            }
        });
        Ok(pipeline.run(report.lint(app)))
    });
    let host = within("the start of the host", host.start()).await??;
    let (lifetime, stopper) = (host.lifetime(), host.stopper());
    same("whether it has started", lifetime.is_started(), true)?;
    let asking = ask(&run, &host).await?;
    same("whether it is stopping", lifetime.is_stopping(), false)?;
    stopper.stop();
    within("the token `stopping`", lifetime.stopping()).await?;
    let early = within_for(A_WHILE, "the token", lifetime.stopped()).await;
    ensure(
        early.is_err(),
        "`stopped` came before the last request ended",
    )?;
    run.notes().say("go /held");
    let answer = asking.await??;
    same(
        "whether the host was stopping before its server, and stopped before the answer",
        answer,
        "true false",
    )?;
    within_for(SOON, "the end of the host", host.wait()).await??;
    same("whether it has stopped", lifetime.is_stopped(), true)
}

async fn deadline(run: Run) -> Outcome {
    let host = start(&run, 2 * A_WHILE, held(run.notes().clone())).await?;
    let server = features(&host)?.clone();
    let asking = ask(&run, &host).await?;
    let stopped = within("the end of the host", host.stop()).await?;
    let Err(error) = stopped else {
        return Err(Failure::new("the host stopped as if nothing was in flight"));
    };
    ensure(
        error.is_shutdown_timeout(),
        format!("the error is {error:?}"),
    )?;
    let text = error.to_string();
    let mut survivors = vec![server.require::<ServerInfo>()?.to_string()];
    if server.contains::<ServerStatistics>() {
        survivors.push("1 request in flight".to_owned());
    }
    for survivor in survivors {
        ensure(
            text.contains(&survivor),
            format!("the error does not say `{survivor}`: {text}"),
        )?;
    }
    is_aborted(&run, asking).await
}

async fn is_aborted(run: &Run, asking: JoinHandle<Outcome<String>>) -> Outcome {
    run.notes().wait("dropped /held").await?;
    let reply = within("the end of the request", asking).await??;
    ensure(reply.is_err(), "the request was answered")
}

async fn twice(run: Run) -> Outcome {
    let host = start(&run, crate::DEADLINE, held(run.notes().clone())).await?;
    let asking = ask(&run, &host).await?;
    let (stopper, lifetime) = (host.stopper(), host.lifetime());
    stopper.stop();
    within("the token `stopping`", lifetime.stopping()).await?;
    stopper.stop();
    let mut end = std::pin::pin!(host.stop());
    let early = tokio::time::timeout(A_WHILE, &mut end).await;
    ensure(early.is_err(), "the host stopped with a request in flight")?;
    run.notes().say("go /held");
    same("the answer", asking.await??, "/held")?;
    within_for(SOON, "the end of the host", end).await??;
    stopper.stop();
    Ok(())
}

async fn force(run: Run) -> Outcome {
    let host = start(&run, crate::DEADLINE, held(run.notes().clone())).await?;
    let asking = ask(&run, &host).await?;
    let stopper = host.stopper();
    stopper.stop();
    within("the token `stopping`", host.lifetime().stopping()).await?;
    stopper.abort();
    let stopped = within("the end of the host", host.wait()).await?;
    let timeout = stopped.is_err_and(|error| error.is_shutdown_timeout());
    ensure(timeout, "the host does not say that it aborted a request")?;
    is_aborted(&run, asking).await
}

async fn bind_fails(run: Run) -> Outcome {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let (free, taken_address) = (free_address()?, format!("http://{}", taken.local_addr()?));
    let host = Host::builder(server_at(&run, &free)?)
        .with_server(server_at(&run, &taken_address)?)
        .configure(|pipeline| pipeline.build());
    let Err(error) = within("the start of the host", host.start()).await? else {
        return Err(Failure::new("the host started on an address that is taken"));
    };
    ensure(error.is_bind(), format!("the error is {error:?}"))?;
    ensure(
        error.report().contains(&taken_address),
        format!(
            "the error does not name {taken_address}: {}",
            error.report()
        ),
    )?;
    is_free(&free)
}

async fn start_fails(run: Run) -> Outcome {
    let free = free_address()?;
    let host = Host::builder(server_at(&run, &free)?)
        .try_configure(|_| Err(transom::Error::configuration("no pipeline")));
    let Err(error) = within("the start of the host", host.start()).await? else {
        return Err(Failure::new("the host started without a pipeline"));
    };
    same("the error", error.to_string(), "no pipeline")?;
    is_free(&free)
}
