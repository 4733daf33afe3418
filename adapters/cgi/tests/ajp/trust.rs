//! Who is believed, and in what.

use transom::Server;

use crate::packets::*;
use crate::peer::{Peer, get, run, server};

#[tokio::test]
async fn who_does_not_know_the_secret_is_not_heard() {
    let running = run(server().with_secret("open sesame")).await;
    for (forward, why) in [
        (get("/hello"), "there is no secret"),
        (
            get("/hello").attribute(SECRET, &[""]),
            "the secret is another one\n",
        ),
        (
            get("/hello").attribute(SECRET, &["open sesamE"]),
            "the secret is another one\n",
        ),
        (
            get("/hello").attribute(NAMED, &["secret", "open sesame"]),
            "there is no secret",
        ),
        (
            get("/hello")
                .attribute(SECRET, &["a"])
                .attribute(SECRET, &["open sesame"]),
            "there are two attributes `secret`\n",
        ),
    ] {
        let mut peer = Peer::connect(&running).await;
        let answer = peer.ask(forward).await;
        assert!(answer.text().starts_with(why), "{}", answer.text());
        assert_eq!(answer.end, Some(false));
        peer.is_closed().await;
    }
    assert_eq!(running.statistics.total_requests(), 0);
    let mut peer = Peer::connect(&running).await;
    let known = get("/variables").attribute(SECRET, &["open sesame"]);
    let told = peer.ask(known).await;
    assert_eq!(told.status, 200);
    assert!(!told.text().contains("sesame"), "{}", told.text());
}

#[tokio::test]
async fn what_a_web_server_tells_has_the_names_of_cgi_and_what_nobody_knows_one_of_its_own() {
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    let answer = peer
        .ask(
            get("/variables?q=1")
                .field("X-Own", "1")
                .attribute(REMOTE_USER, &["ada"])
                .attribute(6, &["route1"])
                .attribute(NAMED, &["AJP_REMOTE_PORT", "4000"])
                .attribute(NAMED, &["AJP_LOCAL_ADDR", "192.0.2.1"])
                .attribute(NAMED, &["REQUEST_URI", "/evil"])
                .attribute(NAMED, &["javax.servlet.include.servlet_path", "/WEB-INF"]),
        )
        .await;
    let wanted = "\
        REMOTE_ADDR: 192.0.2.7\n\
        SERVER_NAME: conformance.test\n\
        SERVER_PORT: 80\n\
        REMOTE_USER: ada\n\
        AJP_ROUTE: route1\n\
        REMOTE_PORT: 4000\n\
        SERVER_ADDR: 192.0.2.1\n\
        AJP_REQUEST_URI: /evil\n\
        AJP_javax.servlet.include.servlet_path: /WEB-INF\n\
        REQUEST_METHOD: GET\n\
        SERVER_PROTOCOL: HTTP/1.1\n\
        REQUEST_URI: /variables?q=1\n\
        QUERY_STRING: q=1\n";
    assert_eq!(answer.text(), wanted);
}

#[tokio::test]
async fn a_certificate_counts_if_the_web_server_says_that_it_was_verified() {
    let pem = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";
    let running = run(server()).await;
    let mut peer = Peer::connect(&running).await;
    let suite = "TLS_AES_256_GCM_SHA384";
    for (verified, told) in [
        (
            "SUCCESS",
            "https TLSv1.3 Some(\"TLS_AES_256_GCM_SHA384\") 1",
        ),
        (
            "FAILED:self-signed",
            "https TLSv1.3 Some(\"TLS_AES_256_GCM_SHA384\") 0",
        ),
        ("", "https TLSv1.3 Some(\"TLS_AES_256_GCM_SHA384\") 0"),
    ] {
        let mut forward = get("/tls")
            .attribute(7, &[pem])
            .attribute(8, &[suite])
            .attribute(NAMED, &["AJP_SSL_PROTOCOL", "TLSv1.3"])
            .attribute(NAMED, &["SSL_CLIENT_VERIFY", verified]);
        forward.secure = true;
        assert_eq!(peer.ask(forward).await.text(), told);
    }
    // Without TLS there is none of it, whatever is said.
    let plain = get("/tls").attribute(NAMED, &["AJP_SSL_PROTOCOL", "TLSv1.3"]);
    assert_eq!(peer.ask(plain).await.text(), "http ");
}

#[tokio::test]
async fn who_may_not_connect_is_closed_unheard() {
    let distant = server()
        .with_allowed_peers(["192.0.2.0/24"])
        .with_secret("open sesame");
    let running = run(distant).await;
    let mut peer = Peer::connect(&running).await;
    peer.is_closed().await;
    let causes = running.statistics.rejections_by_cause();
    assert_eq!(causes, [("untrusted_proxy", 1)]);
}

#[tokio::test]
async fn other_machines_need_a_secret_unless_it_is_said_that_they_do_not() {
    for (server, why) in [
        (
            server().with_allowed_peers(["10.0.0.0/8"]),
            "whoever speaks AJP is believed",
        ),
        (
            server().with_allowed_peers(["127.0.0.1", "::/0"]),
            "whoever speaks AJP is believed",
        ),
        (server().with_secret(""), "the secret of AJP is empty"),
        (
            server().with_allowed_peers(["10.0.0.0/33"]),
            "`10.0.0.0/33` is not a network",
        ),
    ] {
        let error = server.bind().await.unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().starts_with(why), "{error}");
    }
    for server in [
        server()
            .with_allowed_peers(["10.0.0.0/8"])
            .with_secret("open sesame"),
        server()
            .with_allowed_peers(["10.0.0.0/8"])
            .with_peers_without_secret(true),
        server().with_allowed_peers(["127.0.0.0/8", "::1"]),
    ] {
        assert!(server.bind().await.is_ok());
    }
}
