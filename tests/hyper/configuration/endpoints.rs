//! Endpoints, as a file says them.

use super::{problem, read};

fn endpoints(toml: &str) -> Vec<String> {
    let endpoints = read(toml).endpoints();
    endpoints
        .iter()
        .map(|(name, url)| format!("{name} {url}"))
        .collect()
}

#[test]
fn endpoints_have_names_and_addresses_in_the_order_of_the_file() {
    assert_eq!(
        endpoints(
            "[hyper.endpoints]\nweb.url = 'http://127.0.0.1:1'\nadmin.url = 'http://[::1]:2'\n\
             [hyper.endpoints.socket]\nUrl = 'http://unix:/run/a.sock'\nProtocols = 'Http1AndHttp2'",
        ),
        [
            "web http://127.0.0.1:1",
            "admin http://[::1]:2",
            "socket http://unix:/run/a.sock"
        ],
    );
}

#[test]
fn protocols_are_text_or_a_list() {
    for protocols in [
        "'http1'",
        "'Http1AndHttp2'",
        "'http1+http2'",
        "['http1', 'HTTP2']",
    ] {
        let toml = format!("[hyper.endpoints.a]\nurl = 'http://*:1'\nprotocols = {protocols}");
        assert_eq!(endpoints(&toml).len(), 1, "{protocols}");
    }
}

#[test]
fn what_is_wrong_with_an_endpoint_is_said_with_what_would_be_right() {
    for (lines, expected) in [
        (
            "url = 'x'",
            "`hyper.endpoints.a.url` at line 2, column 1: `x` is not an address: it lacks a scheme; write it like `http://x`",
        ),
        (
            "url = 'http://*:1;http://*:2'",
            "`hyper.endpoints.a.url` at line 2, column 1: `http://*:1;http://*:2` is more than one address; each is an \
             endpoint of its own",
        ),
        (
            "url = 'http://*:1/app'",
            "`hyper.endpoints.a.url` at line 2, column 1: `http://*:1/app` has the path base `/app`, which belongs into \
             the pipeline: `use_path_base(\"/app\")`",
        ),
        (
            "url = ''",
            "`hyper.endpoints.a.url` at line 2, column 1: it is empty",
        ),
        (
            "url = 'http://*:1'\nprotocols = 'http4'",
            "`hyper.endpoints.a.protocols` at line 3, column 1: `http4` names no protocols; write `http1`, `http2`, \
             `http3`, or several of them like `http1+http2`",
        ),
        (
            "url = 'http://*:1'\nprotocols = []",
            "`hyper.endpoints.a.protocols` at line 3, column 1: the list is empty; there has to be one, like `http1`",
        ),
        (
            "url = 'http://*:1'\ncertificate = 'b'\n[hyper.certificates.b]\npath = 'b.pem'",
            "`hyper.endpoints.a.certificate` at line 3, column 1: it needs TLS: an address that begins with `https`, and the `url` of the endpoint is `http://*:1`",
        ),
        (
            "url = 'http://*:1'\nClientCertificateMode = 'AllowCertificate'",
            "`hyper.endpoints.a.ClientCertificateMode` at line 3, column 1: it needs TLS: an address that begins with `https`, and the `url` of the endpoint is `http://*:1`",
        ),
        (
            "url = 'http://*:1'\ntls_versions = ['tls1.3']",
            "`hyper.endpoints.a.tls_versions` at line 3, column 1: it needs TLS: an address that begins with `https`, and the `url` of the endpoint is `http://*:1`",
        ),
        (
            "url = 'http://*:1'\nsni = {}",
            "`hyper.endpoints.a.sni` at line 3, column 1: it needs TLS: an address that begins with `https`, and the `url` of the endpoint is `http://*:1`",
        ),
    ] {
        assert_eq!(
            problem(&format!("[hyper.endpoints.a]\n{lines}")),
            expected,
            "{lines}"
        );
    }
}

#[test]
fn names_are_compared_without_case_and_underscores() {
    assert_eq!(
        problem("[hyper.endpoints]\nmy_web.url = 'http://*:1'\nMyWeb.url = 'http://*:2'"),
        "`hyper.endpoints.MyWeb` at line 3, column 1: `hyper.endpoints.my_web` at line 2, column 1 has the same name; \
         neither case nor underscores count",
    );
    assert_eq!(
        problem("[hyper.endpoints]\n'' = { url = 'http://*:1' }"),
        "`hyper.endpoints.\"\"` at line 2, column 1: the name is empty",
    );
    assert_eq!(
        problem("[hyper]\nendpoints.web = 'http://*:1'"),
        "`hyper.endpoints.web` at line 2, column 11 is not a table of settings",
    );
}
