//! Certificates that change while the server runs.

use std::path::Path;
use std::time::Duration;

use transom::hyper::tls::{Certificate, Tls};

use super::{Authority, Connected, Folder, Signed, TlsClient, https};
use crate::support::{Running, says, start_with};

const NAME: &str = "a.example";
/// At each handshake.
const ALWAYS: Option<Duration> = Some(Duration::ZERO);

async fn shown(server: &Running, client: &TlsClient) -> Vec<u8> {
    client.connect(server, NAME).await.unwrap().shown().to_vec()
}

async fn ask(connected: &mut Connected) -> String {
    connected
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    connected.until("hi").await
}

fn put(folder: &Folder, signed: &Signed) {
    folder.write("cert.pem", &signed.certificate);
    folder.write("key.pem", &signed.key);
}

fn certificate(folder: &Folder, signed: &Signed) -> Certificate {
    put(folder, signed);
    Certificate::from_pem_files(folder.path("cert.pem"), folder.path("key.pem"))
}

#[tokio::test]
async fn new_files_are_served_to_new_connections_and_old_ones_stay() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (old, new) = (authority.server(&[NAME]), authority.server(&[NAME]));
    let tls = Tls::new(certificate(&folder, &old)).with_reload_interval(ALWAYS);
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority).resuming();
    let mut stays = client.connect(&server, NAME).await.unwrap();
    assert!(stays.shown() == old.der);
    ask(&mut stays).await;
    assert!(shown(&server, &client).await == old.der);

    put(&folder, &new);
    assert!(shown(&server, &TlsClient::new(&authority)).await == new.der);
    ask(&mut stays).await;
    server.stop().await;
}

#[tokio::test]
async fn broken_files_change_nothing_until_they_are_right() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (old, new) = (authority.server(&[NAME]), authority.server(&[NAME]));
    let tls = Tls::new(certificate(&folder, &old)).with_reload_interval(ALWAYS);
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    // The certificate alone first, as tools do that write one file after the other.
    folder.write("cert.pem", &new.certificate);
    assert!(shown(&server, &client).await == old.der);
    std::fs::remove_file(folder.path("key.pem")).unwrap();
    assert!(shown(&server, &client).await == old.der);
    folder.write("key.pem", "nonsense");
    assert!(shown(&server, &client).await == old.der);
    folder.write("key.pem", &new.key);
    assert!(shown(&server, &client).await == new.der);
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_points_elsewhere_is_a_change() {
    use std::os::unix::fs::symlink;

    // As Kubernetes mounts a secret: cert.pem -> ..data/cert.pem, and ..data -> ..1, swapped by a rename.
    let (authority, folder) = (Authority::new(), Folder::new());
    let (old, new) = (authority.server(&[NAME]), authority.server(&[NAME]));
    for (version, signed) in [("..1", &old), ("..2", &new)] {
        std::fs::create_dir(folder.path(version)).unwrap();
        std::fs::write(folder.path(version).join("cert.pem"), &signed.certificate).unwrap();
        std::fs::write(folder.path(version).join("key.pem"), &signed.key).unwrap();
    }
    symlink("..1", folder.path("..data")).unwrap();
    for name in ["cert.pem", "key.pem"] {
        symlink(Path::new("..data").join(name), folder.path(name)).unwrap();
    }
    let certificate = Certificate::from_pem_files(folder.path("cert.pem"), folder.path("key.pem"));
    let tls = Tls::new(certificate).with_reload_interval(ALWAYS);
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    assert!(shown(&server, &client).await == old.der);
    symlink("..2", folder.path("..next")).unwrap();
    std::fs::rename(folder.path("..next"), folder.path("..data")).unwrap();
    assert!(shown(&server, &client).await == new.der);
    server.stop().await;
}

#[tokio::test]
async fn files_are_looked_at_no_more_often_than_asked_for_but_at_once_by_hand() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (old, new) = (authority.server(&[NAME]), authority.server(&[NAME]));
    let tls =
        Tls::new(certificate(&folder, &old)).with_reload_interval(Some(Duration::from_secs(3600)));
    let server = start_with(https(tls.clone()), says("hi")).await;
    let client = TlsClient::new(&authority);
    put(&folder, &new);
    assert!(shown(&server, &client).await == old.der);
    tls.reload().unwrap();
    assert!(shown(&server, &client).await == new.der);

    folder.write("cert.pem", "nonsense");
    let error = tls.reload().unwrap_err();
    assert!(
        error.to_string().contains("cert.pem` has no certificate"),
        "{error}"
    );
    assert!(shown(&server, &client).await == new.der);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_files_change_all_the_time() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let signed = [authority.server(&[NAME]), authority.server(&[NAME])];
    let tls = Tls::new(certificate(&folder, &signed[0])).with_reload_interval(ALWAYS);
    let server = start_with(https(tls), says("hi")).await;
    let client = TlsClient::new(&authority);
    let mut stays = client.connect(&server, NAME).await.unwrap();
    let mut seen = [0, 0];
    for round in 0..60 {
        if round % 3 == 0 {
            put(&folder, &signed[round / 3 % 2]);
        }
        let gets = (0..4).map(|_| async {
            let connected = client.connect(&server, NAME).await.unwrap();
            let shown = connected.shown().to_vec();
            assert_eq!(connected.get(NAME).await.unwrap(), "hi");
            shown
        });
        for shown in futures_util::future::join_all(gets).await {
            let which = signed.iter().position(|signed| signed.der == shown);
            seen[which.unwrap()] += 1;
        }
        ask(&mut stays).await;
    }
    assert!(seen[0] > 40 && seen[1] > 40, "{seen:?}");
    server.stop().await;
}
