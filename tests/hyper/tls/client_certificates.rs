//! Certificates of clients.

use rustls::version::{TLS12, TLS13};
use transom::features::{RequestExt, TlsInfo};
use transom::hyper::tls::{ClientCertificates, ClientTrust, Tls, TlsOptions};
use transom::{Body, Request, Response};

use super::{Authority, Folder, Signed, TlsClient, https};
use crate::support::{Running, start_with};

const NAME: &str = "a.example";

/// Answers with the certificate of the client.
async fn tells(request: Request) -> Response {
    let tls = request.feature::<TlsInfo>().unwrap();
    let certificate = tls.client_certificate().cloned();
    assert_eq!(certificate.iter().count(), tls.client_certificates().len());
    let text = certificate.map_or("none".to_owned(), |der| format!("{:?}", &der[..]));
    Response::new(Body::from(text))
}

async fn start(server: &Signed, asked: ClientCertificates) -> Running {
    let tls = Tls::new(server.pem()).with_client_certificates(asked);
    start_with(https(tls), tells).await
}

fn der_of(signed: &Signed) -> String {
    format!("{:?}", signed.der)
}

#[tokio::test]
async fn one_that_is_allowed_is_shown_to_the_application_and_may_be_missing() {
    let authority = Authority::new();
    let (server, client) = (authority.server(&[NAME]), authority.client("me"));
    let trust = ClientTrust::from_pem(authority.pem());
    let server = start(&server, ClientCertificates::allow(trust)).await;
    for version in [&TLS12, &TLS13] {
        let with = TlsClient::of(&authority, Some(&client), &[version]).resuming();
        assert_eq!(with.get(&server, NAME).await.unwrap(), der_of(&client));
        // It is that of the session, when that is taken up again.
        assert_eq!(with.get(&server, NAME).await.unwrap(), der_of(&client));
        let without = TlsClient::of(&authority, None, &[version]);
        assert_eq!(without.get(&server, NAME).await.unwrap(), "none");
    }
    server.stop().await;
}

#[tokio::test]
async fn one_that_is_not_trusted_is_refused_also_where_none_is_required() {
    let authority = Authority::new();
    let server = authority.server(&[NAME]);
    let stranger = Authority::new().client("stranger");
    let for_servers = authority.server(&["me"]);
    let expired = authority.sign(&["late"], |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    for asked in [ClientCertificates::allow, ClientCertificates::require] {
        let server = start(&server, asked(ClientTrust::from_pem(authority.pem()))).await;
        for (client, alert) in [
            (&stranger, "UnknownCA"),
            (&for_servers, "ertificate"),
            (&expired, "CertificateExpired"),
        ] {
            for version in [&TLS12, &TLS13] {
                let client = TlsClient::of(&authority, Some(client), &[version]);
                let error = client.get(&server, NAME).await.unwrap_err();
                assert!(error.to_string().contains(alert), "{error}");
            }
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn one_that_is_required_has_to_be_there() {
    let authority = Authority::new();
    let (server, client) = (authority.server(&[NAME]), authority.client("me"));
    let trust = ClientTrust::from_pem(authority.pem());
    let server = start(&server, ClientCertificates::require(trust)).await;
    for version in [&TLS12, &TLS13] {
        let with = TlsClient::of(&authority, Some(&client), &[version]);
        assert_eq!(with.get(&server, NAME).await.unwrap(), der_of(&client));
        let without = TlsClient::of(&authority, None, &[version]);
        let error = without.get(&server, NAME).await.unwrap_err();
        assert!(error.to_string().contains("CertificateRequired"), "{error}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_validation_of_ones_own_comes_after_the_authorities_or_alone() {
    let authority = Authority::new();
    let server = authority.server(&[NAME]);
    let (known, unknown) = (authority.client("known"), authority.client("unknown"));
    let stranger = Authority::new().client("stranger");
    let only = |trust: ClientTrust, signed: &Signed| {
        let der = signed.der.clone();
        let asked = trust.with_validation(move |chain| match chain == [&der[..]] {
            true => Ok(()),
            false => Err("not this one".into()),
        });
        ClientCertificates::require(asked)
    };
    let client = |signed| TlsClient::of(&authority, Some(signed), rustls::ALL_VERSIONS);

    let pinned = start(
        &server,
        only(ClientTrust::from_pem(authority.pem()), &known),
    )
    .await;
    assert_eq!(
        client(&known).get(&pinned, NAME).await.unwrap(),
        der_of(&known)
    );
    assert!(client(&unknown).get(&pinned, NAME).await.is_err());
    pinned.stop().await;

    let pinned = start(&server, only(ClientTrust::any(), &stranger)).await;
    assert_eq!(
        client(&stranger).get(&pinned, NAME).await.unwrap(),
        der_of(&stranger)
    );
    assert!(client(&known).get(&pinned, NAME).await.is_err());
    pinned.stop().await;
}

#[tokio::test]
async fn the_authorities_are_reloaded_and_old_sessions_do_not_outlive_them() {
    let (old, new, sites) = (Authority::new(), Authority::new(), Authority::new());
    let folder = Folder::new();
    let path = folder.write("clients.pem", &old.pem());
    let asked = ClientCertificates::require(ClientTrust::from_pem_file(path));
    let tls = Tls::new(sites.server(&[NAME]).pem()).with_client_certificates(asked);
    let server = start_with(https(tls.clone()), tells).await;
    let (before, after) = (old.client("me"), new.client("me"));
    let (was, is) = (
        TlsClient::of(&sites, Some(&before), rustls::ALL_VERSIONS).resuming(),
        TlsClient::of(&sites, Some(&after), rustls::ALL_VERSIONS),
    );
    assert_eq!(was.get(&server, NAME).await.unwrap(), der_of(&before));
    assert!(is.get(&server, NAME).await.is_err());
    folder.write("clients.pem", &new.pem());
    tls.reload().unwrap();
    assert_eq!(is.get(&server, NAME).await.unwrap(), der_of(&after));
    assert!(was.get(&server, NAME).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn a_name_may_ask_for_what_others_do_not() {
    let authority = Authority::new();
    let certificate = authority.server(&[NAME, "staff.example"]).pem();
    let trust = ClientTrust::from_pem(authority.pem());
    let staff = TlsOptions::new(certificate.clone())
        .with_client_certificates(ClientCertificates::require(trust));
    let tls = Tls::new(certificate).with_sni("staff.example", staff);
    let server = start_with(https(tls), tells).await;
    let without = TlsClient::new(&authority);
    assert_eq!(without.get(&server, NAME).await.unwrap(), "none");
    assert!(without.get(&server, "staff.example").await.is_err());
    let me = authority.client("me");
    let with = TlsClient::of(&authority, Some(&me), rustls::ALL_VERSIONS);
    assert_eq!(
        with.get(&server, "staff.example").await.unwrap(),
        der_of(&me)
    );

    // Nor does a connection for one name carry requests for the other past the certificate.
    for (client, connection, host, status) in [
        (&without, NAME, "staff.example", 421),
        (&without, NAME, "STAFF.example:443", 421),
        (&with, "staff.example", NAME, 421),
        (&with, "staff.example", "staff.example", 200),
        (&without, NAME, "any.example", 200),
    ] {
        let mut client = client.connect(&server, connection).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        client.send(head).await.unwrap();
        let answer = client.rest().await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{host}: {answer}"
        );
    }
    server.stop().await;
}
