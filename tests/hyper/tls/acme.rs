//! Certificates that are ordered. `tests/external/acme` orders some; this is what goes without a directory.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use transom::Server;
use transom::hyper::tls::{Acme, Tls};

use super::{Authority, Folder, TlsClient, https};
use crate::support::{Running, says, start_with, within};

/// A directory that takes connections, and never says anything.
struct Silent {
    listener: TcpListener,
    url: String,
}

impl Silent {
    async fn new() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listener.await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("https://localhost:{port}/directory");
        Self { listener, url }
    }

    /// Returns a connection of somebody who orders.
    async fn asked(&self) -> TcpStream {
        let mut socket = within(self.listener.accept()).await.unwrap().0;
        assert_eq!(
            within(socket.read_u8()).await.unwrap(),
            22,
            "a handshake begins"
        );
        socket
    }
}

fn ordered(folder: &Folder, directory: &Silent, names: &[&str]) -> Acme {
    Acme::new(names.iter().copied(), folder.path("cache"))
        .with_directory(&directory.url)
        .with_terms_of_service_agreed(true)
}

async fn refusal(server: &Running, client: &TlsClient, name: &str) -> String {
    let refused = client.connect(server, name).await;
    refused.err().unwrap().to_string()
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_said_when_the_server_binds() {
    let folder = Folder::new();
    let file = folder.write("file", "nothing");
    let order = |names: &[&str], cache: PathBuf| {
        Acme::new(names.iter().copied(), cache).with_terms_of_service_agreed(true)
    };
    let cache = || folder.path("cache");
    let one = || order(&["a.example"], cache());
    for (acme, says) in [
        (
            Acme::new(["a.example"], cache()),
            "have to be agreed to before it is asked",
        ),
        (
            one().with_directory("http://a.example"),
            "`http://a.example` is no directory",
        ),
        (
            one().with_directory("a.example"),
            "`a.example` is no directory",
        ),
        (order(&[], cache()), "for no name"),
        (
            order(&["a.example", "*.a.example"], cache()),
            "`*.a.example` is no name",
        ),
        (order(&["127.0.0.1"], cache()), "`127.0.0.1` is no name"),
        (
            order(&["a.example", "A.example"], cache()),
            "the name `a.example` twice",
        ),
        (
            one().with_contact("admin@a.example"),
            "write `mailto:admin@example.com`",
        ),
        (order(&["a.example"], file.join("cache")), "cannot be kept"),
        (
            one().with_directory_authorities(folder.path("none.pem")),
            "none.pem` cannot be read",
        ),
        (
            one().with_directory_authorities(&file),
            "has no certificate",
        ),
    ] {
        let error = https(acme).bind().await.unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.report().contains(says), "{} / {says}", error.report());
    }
}

#[tokio::test]
async fn a_name_that_is_ordered_has_to_be_served() {
    let folder = Folder::new();
    let directory = Silent::new().await;
    let order = || ordered(&folder, &directory, &["a.example", "b.example"]);
    let file = || Authority::new().server(&["b.example"]).pem();
    let one = order();
    for (tls, lacks) in [
        (Tls::by_sni().with_sni("a.example", order()), true),
        (Tls::new(order()).with_sni("b.example", file()), true),
        // Two orders of the same are not the same order.
        (
            (Tls::by_sni().with_sni("a.example", order())).with_sni("b.example", order()),
            true,
        ),
        (
            Tls::by_sni()
                .with_sni("a.example", one.clone())
                .with_sni("*.example", one),
            false,
        ),
        (Tls::from(order()), false),
    ] {
        let said = https(tls).bind().await.err().map(|error| error.to_string());
        assert_eq!(said.is_some(), lacks, "{said:?}");
        assert!(said.is_none_or(|said| said.contains("example` is ordered by ACME, but")));
    }
}

#[tokio::test]
async fn without_a_certificate_yet_its_names_are_refused_and_others_served() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let directory = Silent::new().await;
    let file = authority.server(&["file.example"]);
    let tls =
        Tls::new(file.pem()).with_sni("a.example", ordered(&folder, &directory, &["a.example"]));
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    let _asked = directory.asked().await;
    assert_eq!(client.get(&server, "file.example").await.unwrap(), "hi");
    let said = refusal(&server, &client, "a.example").await;
    assert!(said.contains("InternalError"), "{said}");
    // Nothing is proved while the directory has not asked for it, and never by a file.
    let prover = client.alpn(&["acme-tls/1"]);
    let said = refusal(&server, &prover, "a.example").await;
    assert!(said.contains("AccessDenied"), "{said}");
    let said = refusal(&server, &prover, "file.example").await;
    assert!(said.contains("NoApplicationProtocol"), "{said}");
    server.stop().await;
}

#[tokio::test]
async fn a_server_orders_while_it_serves_and_no_longer() {
    let folder = Folder::new();
    let directory = Silent::new().await;
    let acme = ordered(&folder, &directory, &["a.example"]);
    let bound = https(acme.clone()).bind().await.unwrap();
    let asked = tokio::time::timeout(Duration::from_millis(50), directory.asked());
    assert!(asked.await.is_err(), "a server that does not serve orders");
    drop(bound);
    for _ in 0..2 {
        let server = start_with(https(acme.clone()), says("hi")).await;
        let mut asked = directory.asked().await;
        server.stop().await;
        // The handshake, and then the end.
        within(asked.read_to_end(&mut Vec::new())).await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_cache_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = Folder::new();
    let directory = Silent::new().await;
    let tls = ordered(&folder, &directory, &["a.example"]);
    let server = start_with(https(tls), says("hi")).await;
    let _asked = directory.asked().await;
    assert_eq!(mode(folder.path("cache")), 0o700);
    // The key of the account, which is there before the directory is asked.
    let kept: Vec<_> = std::fs::read_dir(folder.path("cache")).unwrap().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(mode(kept[0].as_ref().unwrap().path()), 0o600);
    server.stop().await;
}
