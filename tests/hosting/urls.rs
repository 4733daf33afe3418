//! Which server gets the addresses that the host was given.

use transom::features::ServerAddresses;
use transom::{Host, RunningHost};

use crate::log::Log;
use crate::scripted::{Journal, Scripted, free_address, soon};

#[tokio::test]
async fn the_first_server_without_addresses_of_its_own_gets_those_of_the_host() {
    let journal = Journal::default();
    let log = Log::begin();
    let url = format!("http://{}", free_address());
    let host = Host::builder(Scripted::without_addresses("a", &journal))
        .with_server(Scripted::new("b", "http://127.0.0.1:0", &journal))
        .with_server(Scripted::new("c", "", &journal))
        .with_urls(&format!("{url}; http://127.0.0.1:0"))
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(bound(&host, 0), Vec::<String>::new());
    assert_eq!(bound(&host, 1).len(), 1);
    assert_eq!(bound(&host, 2).len(), 2);
    assert_eq!(bound(&host, 2)[0], url);
    assert!(
        !log.lines().iter().any(|line| line.starts_with("WARN")),
        "{:?}",
        log.lines()
    );
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn a_servers_own_addresses_win_with_a_warning() {
    let journal = Journal::default();
    let log = Log::begin();
    let (own, hosts) = (free_address(), free_address());
    let host = Host::builder(Scripted::new("a", &format!("http://{own}"), &journal))
        .with_urls(&format!("http://{hosts}"))
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(bound(&host, 0), [format!("http://{own}")]);
    assert_eq!(
        log.lines()[0],
        format!(
            "WARN transom::hosting: Not binding to http://{hosts}: every server has addresses of its own, \
             or takes none. Set prefer_hosting_urls to override them"
        ),
    );
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn the_hosts_addresses_win_if_they_are_preferred() {
    let journal = Journal::default();
    let log = Log::begin();
    let (own, hosts) = (free_address(), free_address());
    let host = Host::builder(Scripted::new("a", &format!("http://{own}"), &journal))
        .with_urls(&format!("http://{hosts}"))
        .with_prefer_hosting_urls(true)
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(bound(&host, 0), [format!("http://{hosts}")]);
    assert_eq!(
        log.lines()[0],
        format!(
            "INFO transom::hosting: Overriding the server's own addresses, because prefer_hosting_urls is \
             set. Binding to http://{hosts} instead of http://{own}"
        ),
    );
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn what_the_process_was_assigned_wins_over_everything() {
    let journal = Journal::default();
    let log = Log::begin();
    let [own, hosts, assigned] = std::array::from_fn(|_| format!("http://{}", free_address()));
    let host = Host::builder(Scripted::without_addresses("a", &journal))
        .with_server(Scripted::new("b", &own, &journal))
        .with_urls(&hosts)
        .with_assigned_urls("http://127.0.0.1:1")
        .with_assigned_urls(&assigned)
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(bound(&host, 1), [assigned.as_str()]);
    let expected = [&own, &hosts].map(|other| {
        format!(
            "INFO transom::hosting: Binding to {assigned}, which the process was assigned, instead of {other}"
        )
    });
    assert_eq!(log.lines()[..2], expected);
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn an_assigned_address_that_no_server_takes_is_an_error() {
    let journal = Journal::default();
    let host = Host::builder(Scripted::without_addresses("a", &journal))
        .with_assigned_urls("http://127.0.0.1:5000")
        .configure(|app| app.build());
    let error = soon(host.start()).await.unwrap_err();
    assert!(error.is_configuration());
    assert_eq!(
        error.to_string(),
        "the process was assigned http://127.0.0.1:5000, but no server takes addresses, or each has endpoints of its \
         own: leave those out where it is"
    );
    let malformed = Host::builder(Scripted::new("a", "", &journal))
        .with_assigned_urls("localhost")
        .configure(|app| app.build());
    assert!(
        soon(malformed.start())
            .await
            .unwrap_err()
            .is_configuration()
    );
}

#[tokio::test]
async fn to_prefer_addresses_that_nobody_gave_changes_nothing() {
    let journal = Journal::default();
    let own = free_address();
    let host = Host::builder(Scripted::new("a", &format!("http://{own}"), &journal))
        .with_prefer_hosting_urls(true)
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(bound(&host, 0), [format!("http://{own}")]);
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn a_malformed_address_of_the_host_binds_nothing() {
    let journal = Journal::default();
    let host = Host::builder(Scripted::new("a", "", &journal))
        .with_urls("http://127.0.0.1:0;127.0.0.1:80")
        .configure(|app| app.build());
    let error = soon(host.start()).await.unwrap_err();
    assert!(error.is_configuration());
    assert_eq!(
        error.report(),
        "`127.0.0.1:80` is not an address: it lacks a scheme; write it like `http://127.0.0.1:80`",
    );
    assert!(journal.entries().is_empty());
}

fn bound(host: &RunningHost, server: usize) -> Vec<String> {
    let features = host
        .server_features()
        .nth(server)
        .expect("there is such a server");
    match features.get::<ServerAddresses>() {
        Some(addresses) => addresses.bound().iter().map(ToString::to_string).collect(),
        None => Vec::new(),
    }
}
