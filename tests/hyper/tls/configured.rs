//! TLS as a file says it, and certificates that are swapped while the server runs.

use transom::HyperServer;

use super::{Authority, Signed, TlsClient};
use crate::configuration::{Folder, Served};

const NAME: &str = "a.example";

fn put(folder: &Folder, name: &str, signed: &Signed) {
    let pem = format!("{}{}", signed.certificate, signed.key);
    folder.write(&format!("{name}.pem"), &pem);
}

fn file(certificate: &str) -> String {
    format!(
        "[hyper.certificates]\ndefault.path = '{certificate}.pem'\n\
         [hyper.endpoints.web]\nurl = 'https://127.0.0.1:0'\n"
    )
}

async fn shown(served: &Served, authority: &Authority, name: &str) -> Option<Vec<u8>> {
    let client = TlsClient::new(authority);
    let connected = client.connect(&served.running, name).await.ok()?;
    Some(connected.shown().to_vec())
}

async fn until_shown(served: &Served, authority: &Authority, signed: &Signed) {
    let shown = async {
        while shown(served, authority, NAME).await.as_ref() != Some(&signed.der) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    crate::support::within(shown).await;
}

#[tokio::test]
async fn a_certificate_is_found_beside_the_file_and_swapped_with_it() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (one, two, three) = (
        authority.server(&[NAME]),
        authority.server(&[NAME]),
        authority.server(&[NAME]),
    );
    put(&folder, "one", &one);
    put(&folder, "two", &two);
    let served = Served::start_with(folder, HyperServer::default(), &file("one")).await;
    until_shown(&served, &authority, &one).await;

    // Another file of the configuration, and then other bytes in it.
    served.rewrite(&file("two"));
    until_shown(&served, &authority, &two).await;
    put(&served.folder, "two", &three);
    until_shown(&served, &authority, &three).await;

    // What is wrong stays as it was.
    served.rewrite(&file("nowhere"));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(shown(&served, &authority, NAME).await == Some(three.der));
    served.running.stop().await;
}

#[tokio::test]
async fn each_name_has_what_the_file_says_of_it() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (site, wild) = (
        authority.server(&[NAME]),
        authority.server(&["x.b.example"]),
    );
    put(&folder, "site", &site);
    put(&folder, "wild", &wild);
    folder.write("clients.pem", &authority.pem());
    let toml = "[hyper.certificates]\nwild.path = 'wild.pem'\n\
        [hyper.endpoints.web]\nurl = 'https://127.0.0.1:0'\ncertificate.path = 'site.pem'\n\
        [hyper.endpoints.web.sni]\n'A.example' = {}\n\
        '*.b.example' = { certificate = 'wild', client_certificates = 'require', client_authorities = 'clients.pem' }\n";
    let served = Served::start_with(folder, HyperServer::default(), toml).await;
    assert!(shown(&served, &authority, NAME).await == Some(site.der));
    assert!(shown(&served, &authority, "c.example").await.is_none());

    let client = TlsClient::new(&authority);
    assert!(client.get(&served.running, "x.b.example").await.is_err());
    let known = authority.client("client");
    let client = TlsClient::of(&authority, Some(&known), rustls::ALL_VERSIONS);
    let answer = client.get(&served.running, "x.b.example").await.unwrap();
    assert_eq!(answer, "hello");
    served.running.stop().await;
}

#[tokio::test]
async fn the_versions_of_tls_are_those_of_the_file() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let site = authority.server(&[NAME]);
    put(&folder, "site", &site);
    let toml = file("site") + "[hyper.endpoint_defaults]\ntls_versions = 'tls1.3'\n";
    let served = Served::start_with(folder, HyperServer::default(), &toml).await;
    for (version, taken) in [
        (&rustls::version::TLS12, false),
        (&rustls::version::TLS13, true),
    ] {
        let client = TlsClient::of(&authority, None, &[version]);
        assert_eq!(client.connect(&served.running, NAME).await.is_ok(), taken);
    }
    served.running.stop().await;
}

#[tokio::test]
async fn without_a_certificate_of_the_file_it_is_the_programs() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let site = authority.server(&[NAME]);
    let toml = "[hyper.endpoints.web]\nurl = 'https://127.0.0.1:0'\n";
    let server = HyperServer::default().with_tls(site.pem());
    let served = Served::start_with(folder, server, toml).await;
    assert!(shown(&served, &authority, NAME).await == Some(site.der));
    served.running.stop().await;
}
