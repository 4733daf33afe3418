//! Files that change while the server serves. In each test a client stays, and is asked at the end.

use std::net::TcpListener;
use std::time::Duration;

use tokio::net::TcpStream;
use transom::HyperServer;
use transom::features::LimitValue;
use transom::hyper::{Endpoint, HyperConfiguration};

use super::{FILE, Folder, Served, ask, connect};
use crate::support::{eventually, says, start_with, within};

fn endpoint(name: &str, rest: &str) -> String {
    format!("[hyper.endpoints.{name}]\nurl = 'http://127.0.0.1:0'\n{rest}\n")
}

#[tokio::test]
async fn an_endpoint_is_added_and_removed_and_the_others_do_not_notice() {
    let web = endpoint("web", "");
    let served = Served::start(&web).await;
    let mut stays = served.connect().await;
    ask(&mut stays).await;

    served.rewrite(&(web.clone() + &endpoint("more", "")));
    let more = served.addresses(2).await[1];
    let mut of_more = connect(more).await;
    ask(&mut of_more).await;
    ask(&mut stays).await;

    served.rewrite(&web);
    served.addresses(1).await;
    // What is idle is closed, and nobody listens there any more.
    assert_eq!(of_more.rest().await, "");
    assert!(within(TcpStream::connect(more)).await.is_err());
    ask(&mut stays).await;
    served.running.stop().await;
}

#[tokio::test]
async fn a_change_is_told_from_its_begin_to_its_end() {
    let web = endpoint("web", "");
    let served = Served::start(&web).await;
    let reload = served.reload.clone();
    assert_eq!(reload.begun(), 0);

    served.rewrite(&(web + &endpoint("more", "")));
    assert_eq!(within(reload.begun_since(0)).await, 1);
    within(reload.settled()).await;
    assert_eq!(
        served.addresses.bound().len(),
        2,
        "it ends when all is done"
    );
    served.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_changed_ends_its_connections_and_goes_on_at_its_address() {
    let web = endpoint("web", "");
    let served = Served::start(&(web.clone() + &endpoint("two", ""))).await;
    let two = served.addresses(2).await[1];
    let (mut stays, mut ends) = (served.connect().await, connect(two).await);
    ask(&mut stays).await;
    ask(&mut ends).await;

    served.rewrite(&(web + &endpoint("two", "protocols = 'http1'")));
    assert_eq!(ends.rest().await, "");
    assert_eq!(served.addresses(2).await[1], two);
    ask(&mut connect(two).await).await;
    ask(&mut stays).await;
    served.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_moves_to_another_address() {
    let served = Served::start(&endpoint("web", "")).await;
    let old = served.running.address;
    ask(&mut served.connect().await).await;

    served.rewrite("[hyper.endpoints.web]\nurl = 'http://[::1]:0'");
    let moved = || served.addresses.bound()[0].to_string().contains("[::1]");
    let there = || !served.addresses.bound().is_empty();
    eventually("it has moved", || there() && moved()).await;
    ask(&mut connect(served.addresses(1).await[0]).await).await;
    assert!(within(TcpStream::connect(old)).await.is_err());
    served.running.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken_leaves_the_endpoint_where_it_is_until_it_is_free() {
    let served = Served::start(&endpoint("web", "")).await;
    let mut stays = served.connect().await;
    ask(&mut stays).await;

    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let moved = format!("[hyper.endpoints.web]\nurl = 'http://{taken}'\n");
    // The rest of the file counts all the same.
    served.rewrite(&(moved + &endpoint("more", "")));
    let addresses = served.addresses(2).await;
    assert_eq!(addresses[0], served.running.address);
    ask(&mut connect(addresses[1]).await).await;
    ask(&mut stays).await;

    drop(held);
    eventually("it has moved", || {
        let bound = served.addresses.bound();
        bound
            .iter()
            .any(|address| address.connect_addr() == Some(taken))
    })
    .await;
    ask(&mut connect(taken).await).await;
    assert_eq!(stays.rest().await, "");
    served.running.stop().await;
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing_until_it_is_right() {
    let web = endpoint("web", "");
    let served = Served::start(&web).await;
    let mut stays = served.connect().await;
    for wrong in [
        "[hyper",
        "[hyper.limits]\nmax = 1\n",
        "",
        "[hyper.endpoints.web]\nurl = 'https://127.0.0.1:0'\ncertificate = { path = 'nowhere.pem' }",
    ] {
        served.rewrite(wrong);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(served.addresses(1).await, [served.running.address]);
        ask(&mut stays).await;
    }
    served.rewrite(&(web + &endpoint("more", "")));
    let more = served.addresses(2).await[1];
    ask(&mut connect(more).await).await;
    ask(&mut stays).await;
    served.running.stop().await;
}

#[tokio::test]
async fn limits_hold_for_the_connections_that_come_after() {
    limits_change("").await;
}

#[tokio::test]
async fn limits_change_on_every_thread_of_the_server() {
    limits_change("[hyper]\nthreads = 2\n").await;
}

async fn limits_change(server: &str) {
    let web = server.to_owned() + &endpoint("web", "");
    let served = Served::start(&web).await;
    let mut stays = served.connect().await;
    let of = |answer: &str| answer.split("x-limit: ").nth(1).unwrap()[..8].to_owned();
    let get = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let listed = || {
        let limits = served.limits.all();
        let mut limits = limits.iter();
        let body = limits.find(|limit| limit.name() == "max_request_body_size");
        body.unwrap().value()
    };
    assert_eq!(of(&served.running.exchange(get).await), "Some(Som");
    assert_eq!(listed(), Some(LimitValue::Bytes(30_000_000)));

    served.rewrite(&(web + "[hyper.limits]\nmax_request_body_size = 'none'\n"));
    let changed = async {
        while of(&served.running.exchange(get).await) != "Some(Non" {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within(changed).await;
    stays.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = stays.until("hello").await;
    assert_eq!(of(&answer), "Some(Som", "it came before");
    assert_eq!(listed(), None);
    served.running.stop().await;
}

#[tokio::test]
async fn how_many_connections_there_may_be_counts_at_once() {
    let web = endpoint("web", "");
    let served = Served::start(&web).await;
    let (mut one, mut two) = (served.connect().await, served.connect().await);
    ask(&mut one).await;
    ask(&mut two).await;

    served.rewrite(&(web.clone() + "[hyper.limits]\nmax_connections = 2\n"));
    let refused = async {
        loop {
            let mut third = served.connect().await;
            third
                .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                .await;
            if third.rest_or_reset().await.is_empty() {
                break;
            }
        }
    };
    within(refused).await;
    ask(&mut one).await;
    ask(&mut two).await;

    served.rewrite(&web);
    let let_in = async {
        loop {
            let mut third = served.connect().await;
            third
                .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                .await;
            if !third.rest_or_reset().await.is_empty() {
                break;
            }
        }
    };
    within(let_in).await;
    served.running.stop().await;
}

#[tokio::test]
async fn the_programs_own_endpoints_stay() {
    let server =
        HyperServer::default().with_endpoint(Endpoint::new("http://127.0.0.1:0").with_name("code"));
    let served = Served::start_with(Folder::new(), server, &endpoint("file", "")).await;
    assert_eq!(served.addresses(2).await.len(), 2);
    let mut stays = served.connect().await;

    served.rewrite("[hyper.limits]\nmax_connections = 9");
    assert_eq!(served.addresses(1).await, [served.running.address]);
    ask(&mut stays).await;
    served.running.stop().await;
}

#[tokio::test]
async fn without_an_interval_the_file_is_not_read_again() {
    let folder = Folder::new();
    let path = folder.write(FILE, &endpoint("web", ""));
    let configuration = HyperConfiguration::from_file(path)
        .unwrap()
        .with_reload_interval(None);
    let server = HyperServer::default().with_configuration(configuration);
    let running = start_with(server, says("hello")).await;
    let mut stays = running.connect().await;
    folder.write(FILE, &endpoint("web", "protocols = 'http2'"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    ask(&mut stays).await;
    ask(&mut running.connect().await).await;
    running.stop().await;
}
