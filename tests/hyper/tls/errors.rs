//! What is wrong with a certificate is said when the server binds.

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use transom::hyper::Endpoint;
use transom::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls};
use transom::{HyperServer, Server};

use super::{Authority, Folder, Signed, https};

async fn report(tls: impl Into<Tls>) -> String {
    let error = https(tls).bind().await.unwrap_err();
    assert!(error.is_configuration(), "{error}");
    error.report()
}

#[tokio::test]
async fn each_error_names_the_file_and_what_is_wrong_with_it() {
    let authority = Authority::new();
    let (one, other) = (
        authority.server(&["a.example"]),
        authority.server(&["a.example"]),
    );
    let folder = Folder::new();
    let file = |name: &str, text: &str| folder.write(name, text);
    let certificate = file("cert.pem", &one.certificate);
    let key = file("key.pem", &one.key);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (certificate, key, says) in [
        (
            folder.path("none.pem"),
            key.clone(),
            vec![
                "the certificate file `",
                "none.pem` cannot be read: No such file",
            ],
        ),
        (
            certificate.clone(),
            folder.path("none.key"),
            vec![
                "the private key file `",
                "none.key` cannot be read: No such file",
            ],
        ),
        (
            folder.as_ref().to_owned(),
            key.clone(),
            vec!["cannot be read: Is a directory"],
        ),
        (
            key.clone(),
            key.clone(),
            vec!["key.pem` has no certificate", "it has other things"],
        ),
        (
            certificate.clone(),
            certificate.clone(),
            vec!["cert.pem` has no private key"],
        ),
        (
            file("empty.pem", ""),
            key.clone(),
            vec![
                "empty.pem` has no certificate, which in PEM begins with `-----BEGIN CERTIFICATE-----`",
            ],
        ),
        (
            file("site.p12", "0\u{2}binary"),
            key.clone(),
            vec!["site.p12` has no certificate", "openssl pkcs12"],
        ),
        (
            file(
                "broken.pem",
                "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
            ),
            key.clone(),
            vec!["broken.pem` is not well-formed PEM"],
        ),
        (
            file(
                "none.crt",
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            ),
            key.clone(),
            vec!["none.crt` has a certificate that is none"],
        ),
        (
            certificate.clone(),
            file("encrypted.key", encrypted),
            vec!["encrypted.key` is encrypted", "openssl pkey"],
        ),
        (
            certificate.clone(),
            file("other.key", &other.key),
            vec![
                "other.key` does not belong to the certificate file `",
                "cert.pem`",
            ],
        ),
    ] {
        let report = report(Certificate::from_pem_files(certificate, key)).await;
        for part in says {
            assert!(report.contains(part), "{part:?} is not in {report:?}");
        }
    }
    let both = file("both.pem", &format!("{}{}", one.key, one.certificate));
    drop(
        https(Certificate::from_pem_file(both))
            .bind()
            .await
            .unwrap(),
    );
}

fn signed(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Signed {
    Authority::new().sign(&["a.example"], change)
}

#[tokio::test]
async fn a_certificate_has_to_be_valid_now_unless_that_does_not_matter() {
    let expired = signed(|params| params.not_after = date_time_ymd(2020, 2, 1));
    let early = signed(|params| params.not_before = date_time_ymd(2999, 2, 1));
    for (signed, says) in [
        (expired, "expired on Feb  1"),
        (early, "is not valid before Feb  1"),
    ] {
        let report = report(signed.pem()).await;
        assert!(
            report.contains(says) && report.contains("CN=a.example"),
            "{report}"
        );
        let forced = signed.pem().with_expired(true);
        drop(https(forced).bind().await.unwrap());
    }
}

#[tokio::test]
async fn a_certificate_has_to_be_for_servers() {
    let client = signed(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let report = report(client.pem()).await;
    assert!(
        report.contains("is not for servers") && report.contains("serverAuth"),
        "{report}"
    );
    let both = signed(|params| {
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
    });
    drop(https(both.pem()).bind().await.unwrap());
    drop(https(signed(|_| {}).pem()).bind().await.unwrap());
}

#[tokio::test]
async fn what_does_not_go_together_is_an_error() {
    let site = Authority::new().server(&["a.example"]);
    let certificate = || site.pem();
    assert!(report(Tls::by_sni()).await.contains("has no certificate"));
    assert!(
        report(Tls::new(certificate()).with_versions([]))
            .await
            .contains("no version")
    );
    let empty = Tls::new(certificate()).with_sni("", certificate());
    assert!(report(empty).await.contains("`` is no name"));
    let twice = Tls::by_sni()
        .with_sni("a.b", certificate())
        .with_sni("A.B", certificate());
    assert!(
        report(twice)
            .await
            .contains("`A.B` is served over TLS twice")
    );
    let clients = ClientTrust::from_pem_file("nowhere.pem");
    let clients =
        Tls::new(certificate()).with_client_certificates(ClientCertificates::allow(clients));
    assert!(
        report(clients)
            .await
            .contains("the client authorities file `nowhere.pem` cannot be read")
    );

    let server = HyperServer::new("https://127.0.0.1:0");
    let error = server.bind().await.unwrap_err().to_string();
    assert!(error.contains("with_tls"), "{error}");
    let endpoint = Endpoint::new("http://127.0.0.1:0").with_tls(certificate());
    let server = HyperServer::default().with_endpoint(endpoint);
    let error = server.bind().await.unwrap_err().to_string();
    assert!(error.contains("is not `https`"), "{error}");
    // The server's TLS is for the addresses that ask for it.
    let both = HyperServer::new("http://127.0.0.1:0; https://127.0.0.1:0").with_tls(certificate());
    drop(both.bind().await.unwrap());
}

#[test]
fn a_key_is_never_shown() {
    let site = Authority::new().server(&["a.example"]);
    let shown = format!("{:?}", Tls::new(site.pem()));
    assert!(shown.contains("from memory"), "{shown}");
    let secret = site.key.lines().nth(1).unwrap();
    assert!(
        !shown.contains(secret) && !shown.contains("[48, "),
        "{shown}"
    );
}
