//! Binding, configuring, starting.

use std::net::TcpListener;
use std::time::{Instant, SystemTime};

use http::StatusCode;
use transom::features::{RequestExt, ServerAddresses, ServerInfo};
use transom::hosting::{HostEnvironment, HostLifetime, HostServers, Stopper};
use transom::testing::{TestClient, TestServer};
use transom::{Error, Host, Request};

use crate::scripted::{Journal, Scripted, free_address, is_free, soon};

#[tokio::test]
async fn every_server_is_bound_before_the_pipeline_is_built_and_only_then_served() {
    let journal = Journal::default();
    let configured = journal.clone();
    let host = Host::builder(Scripted::new("a", "http://127.0.0.1:0", &journal))
        .with_server(Scripted::new("b", "http://127.0.0.1:0", &journal))
        .configure(move |app| {
            configured.note("configure");
            app.build()
        });
    assert!(
        journal.entries().is_empty(),
        "a host does nothing by itself"
    );
    let host = soon(host.start()).await.unwrap();
    soon(host.stop()).await.unwrap();
    assert_eq!(
        journal.entries()[..5],
        ["bind a", "bind b", "configure", "serve a", "serve b"],
    );
}

#[tokio::test]
async fn the_pipeline_is_built_from_the_addresses_of_all_and_the_other_features_of_the_first() {
    let journal = Journal::default();
    let (seen, saw) = std::sync::mpsc::channel();
    let host = Host::builder(Scripted::new("a", "http://127.0.0.1:0", &journal))
        .with_server(Scripted::without_addresses("b", &journal))
        .with_server(Scripted::new(
            "c",
            "http://127.0.0.1:0;http://127.0.0.1:0",
            &journal,
        ))
        .try_configure(move |app| {
            let features = app.server_features();
            let addresses = features.require::<ServerAddresses>()?.bound();
            let name = features.require::<ServerInfo>()?.name().to_owned();
            features.require::<Stopper>()?;
            assert!(!features.require::<HostLifetime>()?.is_started());
            assert!(features.require::<HostEnvironment>()?.is_production());
            let servers = features.require::<HostServers>()?;
            let names = servers
                .iter()
                .filter_map(|server| server.get::<ServerInfo>());
            let names: Vec<_> = names.map(|info| info.name().to_owned()).collect();
            seen.send((addresses, name, names)).unwrap();
            Ok(app.build())
        });
    let host = soon(host.start()).await.unwrap();
    let (addresses, name, names) = saw.try_recv().unwrap();
    assert_eq!(name, "a");
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(addresses, host.addresses());
    assert_eq!(addresses.len(), 3);
    assert!(addresses.iter().all(|address| address.port() != Some(0)));
    let of_each: Vec<usize> = host
        .server_features()
        .map(|own| {
            own.get::<ServerAddresses>()
                .map_or(0, |own| own.bound().len())
        })
        .collect();
    assert_eq!(of_each, [1, 0, 2]);
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn a_failed_bind_releases_all_starts_nothing_and_names_the_address() {
    let journal = Journal::default();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_address = format!("http://{}", taken.local_addr().unwrap());
    let first = free_address();
    let configured = journal.clone();
    let error = Host::builder(Scripted::new("a", &format!("http://{first}"), &journal))
        .with_server(Scripted::new("b", &taken_address, &journal))
        .with_server(Scripted::new("c", "http://127.0.0.1:0", &journal))
        .configure(move |app| {
            configured.note("configure");
            app.build()
        })
        .start();
    let error = soon(error).await.unwrap_err();
    assert!(error.is_bind());
    assert!(
        error.report().contains(&taken_address),
        "{}",
        error.report()
    );
    assert!(error.report().contains("in use"), "{}", error.report());
    assert_eq!(journal.entries(), ["bind a", "bind b", "gone a"]);
    assert!(is_free(first));
}

#[tokio::test]
async fn a_pipeline_that_cannot_be_built_aborts_the_start() {
    let journal = Journal::default();
    let address = free_address();
    let host = Host::builder(Scripted::new("a", &format!("http://{address}"), &journal))
        .try_configure(|_| Err(Error::configuration("no database")));
    let error = soon(host.start()).await.unwrap_err();
    assert_eq!(error.report(), "no database");
    assert_eq!(journal.entries(), ["bind a", "gone a"]);
    assert!(is_free(address));
}

#[tokio::test]
async fn dropping_a_start_releases_what_was_bound() {
    let journal = Journal::default();
    let address = free_address();
    let host = Host::builder(Scripted::new("a", &format!("http://{address}"), &journal))
        .configure(|app| app.build());
    drop(host.start());
    assert!(is_free(address));
    assert!(journal.entries().is_empty());
}

#[tokio::test]
async fn each_request_sees_the_features_of_its_own_server() {
    let host = Host::builder(TestServer::new())
        .with_server(TestServer::new())
        .configure(|app| {
            app.run_fn(|request: Request| async move {
                match request.feature::<ServerAddresses>() {
                    Some(addresses) => addresses.bound()[0].to_string(),
                    None => "none".into(),
                }
            })
        });
    let host = soon(host.start()).await.unwrap();
    let addresses: Vec<String> = host.addresses().iter().map(ToString::to_string).collect();
    let clients: Vec<TestClient> = host
        .server_features()
        .map(|own| own.require::<TestClient>().unwrap().clone())
        .collect();
    assert_eq!(addresses.len(), 2);
    for (client, address) in clients.iter().zip(&addresses) {
        let response = soon(client.get("/")).await.unwrap();
        assert_eq!(response.into_body().collect(64).await.unwrap(), *address);
    }
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn an_error_mapper_maps_the_errors_of_every_stage() {
    let host = Host::builder(TestServer::new())
        .with_error_mapper(|_| StatusCode::IM_A_TEAPOT)
        .configure(|app| {
            app.run(tower::service_fn(|_: Request| async {
                Err::<transom::Response, _>(std::io::Error::other("a failure"))
            }))
        });
    let host = soon(host.start()).await.unwrap();
    let client = host
        .server_features()
        .next()
        .unwrap()
        .require::<TestClient>()
        .unwrap()
        .clone();
    assert_eq!(
        soon(client.get("/")).await.unwrap().status(),
        StatusCode::IM_A_TEAPOT
    );
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn an_application_that_is_there_already_is_served() {
    let app = transom::ApplicationBuilder::new().run_fn(|_| async { "there" });
    let host = soon(Host::builder(TestServer::new()).serve(app).start())
        .await
        .unwrap();
    let client = host
        .server_features()
        .next()
        .unwrap()
        .require::<TestClient>()
        .unwrap()
        .clone();
    let response = soon(client.get("/")).await.unwrap();
    assert_eq!(response.into_body().collect(64).await.unwrap(), "there");
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn the_time_counts_from_when_every_server_serves() {
    let (seen, saw) = std::sync::mpsc::channel();
    let host = Host::builder(TestServer::new()).configure(move |app| {
        let lifetime = app
            .server_features()
            .get::<HostLifetime>()
            .cloned()
            .unwrap();
        assert_eq!((lifetime.started_at(), lifetime.uptime()), (None, None));
        seen.send(lifetime).unwrap();
        app.build()
    });
    let before = (SystemTime::now(), Instant::now());
    let host = soon(host.start()).await.unwrap();
    let lifetime = saw.try_recv().unwrap();
    let at = lifetime.started_at().unwrap();
    assert!((before.0..=SystemTime::now()).contains(&at));
    let uptime = lifetime.uptime().unwrap();
    assert!(uptime <= before.1.elapsed());
    soon(host.stop()).await.unwrap();
    assert!(lifetime.uptime().unwrap() >= uptime, "it goes on");
    assert_eq!(lifetime.started_at(), Some(at));
}
