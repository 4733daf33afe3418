//! The certificate that is made for a machine of a developer.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use transom::hyper::tls::DevelopmentCertificate;

use super::{Folder, https};
use crate::support::{says, start_with, within};

#[tokio::test]
async fn it_is_made_once_and_trusted_for_every_name_of_this_machine() {
    let folder = Folder::new();
    let made = DevelopmentCertificate::load_or_create_in(folder.path("data")).unwrap();
    assert!(made.is_new());
    let again = DevelopmentCertificate::load_or_create_in(folder.path("data")).unwrap();
    assert!(!again.is_new());
    assert_eq!(made.path(), again.path());
    assert!(made.how_to_trust().contains(made.path().to_str().unwrap()));

    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(made.path()).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let server = start_with(https(again.certificate()), says("hi")).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        let socket = TcpStream::connect(server.address).await.unwrap();
        let name = name.try_into().unwrap();
        within(connector.connect(name, socket)).await.unwrap();
    }
    server.stop().await;
}

#[test]
fn its_key_is_for_its_user_alone() {
    let folder = Folder::new();
    let made = DevelopmentCertificate::load_or_create_in(&folder).unwrap();
    let public = std::fs::read_to_string(made.path()).unwrap();
    assert!(!public.contains("PRIVATE"), "{public}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let secret = std::fs::metadata(folder.path("localhost.pem")).unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn one_that_is_broken_or_ends_soon_is_made_anew() {
    let folder = Folder::new();
    let load = || DevelopmentCertificate::load_or_create_in(&folder).unwrap();
    drop(load());
    folder.write("localhost.pem", "nonsense");
    assert!(load().is_new());
    assert!(!load().is_new());
    folder.write("localhost.crt", "another");
    assert!(load().is_new());

    let old = super::Authority::new().sign(&["localhost"], |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    folder.write("localhost.crt", &old.certificate);
    folder.write("localhost.pem", &format!("{}{}", old.certificate, old.key));
    assert!(load().is_new());
    assert!(!load().is_new());
}

#[test]
fn a_directory_that_cannot_be_is_named() {
    let folder = Folder::new();
    let file = folder.write("file", "");
    let error = DevelopmentCertificate::load_or_create_in(file.join("below")).unwrap_err();
    assert!(error.is_configuration());
    assert!(error.to_string().contains("file/below"), "{error}");
}
