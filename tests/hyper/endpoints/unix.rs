//! Unix sockets.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use transom::adapter::SocketOptions;
use transom::features::{RequestExt as _, RequestLifetime};
use transom::hyper::Endpoint;
use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

use crate::support::{says, within};

/// A folder that is gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("transom-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn server(&self, options: SocketOptions) -> (PathBuf, HyperServer) {
        let path = self.0.join("app.sock");
        let address = format!("http://unix:{}", path.display());
        let endpoint = Endpoint::new(address).with_socket_options(options);
        (path, HyperServer::default().with_endpoint(endpoint))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn ask(mut client: tokio::net::UnixStream) -> String {
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn the_file_has_the_mode_and_the_owner_that_were_asked_for() {
    let folder = Folder::new("mode");
    let own = std::fs::metadata(&folder.0).unwrap();
    let options = SocketOptions::default()
        .with_unix_mode(0o640)
        .with_unix_owner(own.uid().to_string())
        .with_unix_group(own.gid().to_string());
    let (path, server) = folder.server(options);
    let _bound = server.bind().await.unwrap();
    let made = std::fs::metadata(&path).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o640);
    assert_eq!((made.uid(), made.gid()), (own.uid(), own.gid()));
}

#[tokio::test]
async fn an_owner_that_there_is_not_is_an_error_and_leaves_no_file() {
    let folder = Folder::new("owner");
    let options = SocketOptions::default().with_unix_owner("nobody-has-this-name");
    let (path, server) = folder.server(options);
    let error = server.bind().await.unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.to_string().contains("`nobody-has-this-name`"),
        "{error}"
    );
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_was_replaced_is_left_to_whoever_replaced_it() {
    let folder = Folder::new("replaced");
    let (path, server) = folder.server(SocketOptions::default());
    let bound = server.bind().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(bound);
    assert!(path.exists());
}

#[tokio::test]
async fn a_listener_that_was_handed_over_keeps_its_file() {
    let folder = Folder::new("handed");
    let path = folder.0.join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let bound = HyperServer::from_unix_listener(listener)
        .bind()
        .await
        .unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(says("done"), shutdown));
    let client = tokio::net::UnixStream::connect(&path).await.unwrap();
    assert!(ask(client).await.ends_with("done"));
    trigger.request();
    within(serving).await.unwrap().unwrap();
    assert!(path.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abstract_name_is_served_and_free_afterwards() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixStream};

    let name = format!("transom-abstract-{}", std::process::id());
    let address = format!("http://unix:@{name}");
    let bound = HyperServer::new(&address).bind().await.unwrap();
    assert!(
        HyperServer::new(&address)
            .bind()
            .await
            .unwrap_err()
            .is_bind()
    );
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(says("done"), shutdown));
    let at = SocketAddr::from_abstract_name(&name).unwrap();
    let client = UnixStream::connect_addr(&at).unwrap();
    client.set_nonblocking(true).unwrap();
    let client = tokio::net::UnixStream::from_std(client).unwrap();
    assert!(ask(client).await.ends_with("done"));
    trigger.request();
    within(serving).await.unwrap().unwrap();
    drop(HyperServer::new(&address).bind().await.unwrap());
}

#[tokio::test]
async fn a_client_that_closes_is_told_from_one_that_only_stops_sending() {
    struct OnDrop(mpsc::UnboundedSender<&'static str>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (events, mut seen) = mpsc::unbounded_channel();
    let app = move |request: Request| {
        let on_drop = OnDrop(events.clone());
        async move {
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            let _ = on_drop.0.send("began");
            lifetime.disconnected().await;
            // Lets the server drop this, if it is going to.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _ = on_drop.0.send("answers");
            Response::new(Body::from("answered"))
        }
    };
    let folder = Folder::new("half-close");
    let (path, server) = folder.server(SocketOptions::default());
    let bound = server.bind().await.unwrap();
    let (trigger, shutdown) = Shutdown::pair();
    let serving = tokio::spawn(bound.serve(app, shutdown));
    for closes in [true, false] {
        let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        assert_eq!(within(seen.recv()).await, Some("began"));
        if closes {
            drop(client);
        } else {
            client.shutdown().await.unwrap();
            assert_eq!(within(seen.recv()).await, Some("answers"));
            let mut answer = String::new();
            within(client.read_to_string(&mut answer)).await.unwrap();
            assert!(answer.ends_with("answered"), "{answer}");
        }
        assert_eq!(within(seen.recv()).await, Some("dropped"));
    }
    trigger.request();
    within(serving).await.unwrap().unwrap();
}
