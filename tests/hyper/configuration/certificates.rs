//! Certificates and names of SNI, as a file says them.

use super::{problem, read};

#[test]
fn certificates_are_named_or_stand_where_they_are_used() {
    let configuration = read(
        r#"
        [hyper.certificates]
        default = { path = "site.pem", key_path = "site.key" }
        Other = { Path = "other.pem" }

        [hyper.endpoints.web]
        url = "https://*:443"
        client_certificates = "allow"
        client_authorities = "authorities.pem"
        tls_versions = "tls1.3"

        [hyper.endpoints.web.sni]
        "example.org" = { certificate = "OTHER" }
        "*.example.org" = { certificate = { path = "wild.pem" }, protocols = "http1" }
        "*" = { client_certificates = "require" }
        "#,
    );
    assert_eq!(configuration.endpoints().len(), 1);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_what_would_be_right() {
    for (certificate, expected) in [
        (
            "'b'",
            "`hyper.endpoints.a.certificate` at line 3, column 1: there is no certificate `b`; `certificates` has `c`",
        ),
        (
            "{}",
            "`hyper.endpoints.a.certificate` at line 3, column 1: it has no `path`; write one, like `path = \"site.pem\"`",
        ),
        (
            "5",
            "`hyper.endpoints.a.certificate` at line 3, column 1: it is neither the name of a certificate nor a table \
             with a `path`, like `{ path = \"site.pem\" }`",
        ),
        (
            "{ path = 'a.pem', subject = 'CN=a' }",
            "`hyper.endpoints.a.certificate.subject` at line 3, column 33: `hyper.endpoints.a.certificate.path` at line \
             3, column 17 is another source of the same certificate; there can be one",
        ),
        (
            "{ Subject = 'CN=a' }",
            "`hyper.endpoints.a.certificate.Subject` at line 3, column 17: this server does not have it: there is no \
             store of certificates; name the file, with `path`",
        ),
        (
            "{ path = 'a.pem', password = 'x' }",
            "`hyper.endpoints.a.certificate.password` at line 3, column 33: this server does not have it: a private key \
             has to be readable as it is; protect its file",
        ),
        (
            "{ path = 'a.pem', key = 'b' }",
            "`hyper.endpoints.a.certificate.key` at line 3, column 33 is not a part of a certificate; there is `path`, \
             `key_path` and `allow_expired`",
        ),
    ] {
        let toml = format!(
            "[hyper.endpoints.a]\nurl = 'https://*:1'\ncertificate = {certificate}\n[hyper.certificates.c]\npath = 'c'"
        );
        assert_eq!(problem(&toml), expected, "{certificate}");
    }
}

#[test]
fn what_is_wrong_with_a_name_or_with_tls_is_said_with_what_would_be_right() {
    for (line, expected) in [
        (
            "sni.'' = {}",
            "`hyper.endpoints.a.sni.\"\"` at line 3, column 5: a name of SNI is empty; `*` is for clients that send none",
        ),
        (
            "sni.'a.*.org' = {}",
            "`hyper.endpoints.a.sni.\"a.*.org\"` at line 3, column 5: `a.*.org` is no name of SNI; `example.org`, \
             `*.example.org` and `*` are",
        ),
        (
            "sni.'127.0.0.1' = {}",
            "`hyper.endpoints.a.sni.\"127.0.0.1\"` at line 3, column 5: `127.0.0.1` is no name of SNI; `example.org`, \
             `*.example.org` and `*` are",
        ),
        (
            "sni = { 'A.org' = {}, 'a.ORG' = {} }",
            "`hyper.endpoints.a.sni.\"a.ORG\"` at line 3, column 23: the name is there twice; case does not matter",
        ),
        (
            "sni.'a.org'.url = 'x'",
            "`hyper.endpoints.a.sni.\"a.org\".url` at line 3, column 13 is not an option of a name; there is \
             `certificate`, `protocols`, `client_certificates`, `client_authorities` and `tls_versions`",
        ),
        (
            "sni.'a.org'.certificate = 'b'",
            "`hyper.endpoints.a.sni.\"a.org\".certificate` at line 3, column 13: there is no certificate `b`; \
             `certificates` has none",
        ),
        (
            "client_certificates = 'maybe'",
            "`hyper.endpoints.a.client_certificates` at line 3, column 1: `maybe` is none of `none`, `allow` and `require`",
        ),
        (
            "client_certificates = 'allow'",
            "`hyper.endpoints.a` at line 1, column 18: clients are asked for a certificate, and `client_authorities` \
             does not say whose are trusted",
        ),
        (
            "sni.'a.org'.client_certificates = 'require'",
            "`hyper.endpoints.a` at line 1, column 18: clients are asked for a certificate for `a.org`, and \
             `client_authorities` does not say whose are trusted",
        ),
        (
            "ClientCertificateMode = 'DelayCertificate'",
            "`hyper.endpoints.a.ClientCertificateMode` at line 3, column 1: `DelayCertificate` needs renegotiation, which \
             TLS 1.3 does not have; `allow` asks at the start",
        ),
        (
            "SslProtocols = ['Tls12', 'Tls11']",
            "`hyper.endpoints.a.SslProtocols[1]` at line 3, column 26: `Tls11` is not safe any more; `tls1.2` and \
             `tls1.3` are there",
        ),
        (
            "tls_versions = 'tls2'",
            "`hyper.endpoints.a.tls_versions` at line 3, column 1: `tls2` is neither `tls1.2` nor `tls1.3`",
        ),
        (
            "tls_versions = []",
            "`hyper.endpoints.a.tls_versions` at line 3, column 1: the list is empty; there has to be one, like `tls1.3`",
        ),
    ] {
        let toml = format!("[hyper.endpoints.a]\nurl = 'https://*:1'\n{line}");
        assert_eq!(problem(&toml), expected, "{line}");
    }
}
