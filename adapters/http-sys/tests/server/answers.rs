use http::{StatusCode, header};
use transom::features::{ConnectionInfo, OriginalTarget, PathBase, Scheme, ServerInfo, TlsInfo};
use transom::{Body, Request, RequestExt, Response};
use transom_http_sys::{Authentication, HttpSysServer, WindowsUser};

use crate::support::{Client, Running};

async fn app(request: Request) -> Response {
    let text = match request.uri().path() {
        "/echo" => return Response::new(request.into_body()),
        "/head" => describe(&request),
        "/facts" => facts(&request),
        "/empty" => String::new(),
        "/cookies" => {
            let mut response = Response::new(Body::from("two"));
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, "a=1".parse().unwrap());
            headers.append(header::SET_COOKIE, "b=2".parse().unwrap());
            headers.insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
            headers.insert("x-own", "of ours".parse().unwrap());
            return response;
        }
        "/large" => "x".repeat(20_000),
        "/panic" => panic!("on purpose"),
        path => match path.trim_start_matches('/').parse::<StatusCode>() {
            Ok(status) => {
                let mut response = Response::new(Body::from("content"));
                *response.status_mut() = status;
                return response;
            }
            Err(_) => path.to_owned(),
        },
    };
    Response::new(Body::from(text))
}

fn describe(request: &Request) -> String {
    let mut lines = vec![format!("{} {}", request.method(), request.uri())];
    for (name, value) in request.headers() {
        lines.push(format!("{name}={}", value.to_str().unwrap()));
    }
    lines.join("\n")
}

fn facts(request: &Request) -> String {
    let connection = request.feature::<ConnectionInfo>().unwrap();
    let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
    let absent =
        request.feature::<TlsInfo>().is_none() && request.feature::<WindowsUser>().is_none();
    format!(
        "{} {} {} {} base={base} path={} {absent} {} {}",
        request.feature::<ServerInfo>().unwrap(),
        connection.transport().as_str(),
        request.feature::<Scheme>().unwrap(),
        request.feature::<OriginalTarget>().unwrap(),
        request.uri(),
        connection.local().unwrap(),
        connection.remote().unwrap(),
    )
}

#[test]
fn a_request_is_answered_and_the_connection_stays() {
    let server = Running::start(app);
    let mut client = server.connect();
    for path in ["/one", "/two", "/three"] {
        let reply = client.ask("GET", path, "", b"");
        assert_eq!((reply.status, reply.text()), (200, path));
        assert_eq!(reply.fields("content-length").len(), 1, "{}", reply.head);
        assert_eq!(reply.fields("date").len(), 1, "{}", reply.head);
    }
    assert_eq!(server.statistics.total_requests(), 3);
    server.stop();
}

#[test]
fn methods_targets_and_fields_arrive_as_they_were_sent() {
    let server = Running::start(app);
    let mut client = server.connect();
    for method in ["GET", "PUT", "DELETE", "PROPFIND", "SEARCH", "BREW"] {
        let fields = "Accept: a/b\r\nUser-Agent: me\r\nX-Own: value; x=1\r\n";
        let reply = client.ask(method, "/head?a=%20b&c", fields, b"");
        let text = reply.text();
        assert!(
            text.starts_with(&format!("{method} /head?a=%20b&c\n")),
            "{text}"
        );
        for line in ["accept=a/b", "user-agent=me", "x-own=value; x=1"] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
    server.stop();
}

#[test]
fn bodies_go_both_ways() {
    let server = Running::start(app);
    let mut client = server.connect();
    for length in [1, 10, 1000, 4000, 6000] {
        let body: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let reply = client.ask("POST", "/echo", "", &body);
        assert_eq!(reply.status, 200);
        assert!(reply.content == body, "{length} bytes");
    }
    assert_eq!(client.ask("GET", "/large", "", b"").content.len(), 20_000);
    assert_eq!(client.ask("GET", "/empty", "", b"").content, b"");
    server.stop();
}

#[test]
fn a_head_that_does_not_fit_is_fetched_again() {
    let server = Running::start(app);
    let long = "v".repeat(7000);
    let mut client = server.connect();
    for _ in 0..3 {
        let reply = client.ask("GET", "/head", &format!("X-Long: {long}\r\n"), b"");
        assert!(reply.text().contains(&format!("x-long={long}")));
    }
    server.stop();
}

#[test]
fn fields_of_responses_arrive_each_as_often_as_it_was_set() {
    let server = Running::start(app);
    let reply = server.get("/cookies");
    assert_eq!(reply.fields("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(reply.fields("content-type"), ["text/plain"]);
    assert_eq!(reply.fields("x-own"), ["of ours"]);
    server.stop();
}

#[test]
fn a_response_without_content_has_none() {
    let server = Running::start(app);
    let mut client = server.connect();
    for status in [204, 304] {
        assert_eq!(
            client.ask("GET", &format!("/{status}"), "", b"").status,
            status
        );
    }
    assert_eq!(client.ask("HEAD", "/large", "", b"").status, 200);
    // Had one of them had content, it would be read as this one's head.
    for status in [200, 404, 418, 503] {
        let reply = client.ask("GET", &format!("/{status}"), "", b"");
        assert_eq!((reply.status, reply.text()), (status, "content"));
    }
    server.stop();
}

#[test]
fn a_panic_is_a_500() {
    let server = Running::start(app);
    let mut client = server.connect();
    assert_eq!(client.ask("GET", "/panic", "", b"").status, 500);
    assert_eq!(client.ask("GET", "/after", "", b"").status, 200);
    server.stop();
}

#[test]
fn the_features_say_where_a_request_came_from() {
    let server = Running::start(app);
    let at = server.address();
    let text = server.get("/facts?q").text().to_owned();
    let expected =
        format!("HTTP.sys/2.0 tcp http /facts?q base= path=/facts?q true {at} 127.0.0.1:");
    assert!(text.starts_with(&expected), "{text}");
    server.stop();
}

#[test]
fn the_path_of_a_prefix_is_the_path_base() {
    let server = HttpSysServer::default()
        .with_accepts(8)
        .with_url_prefix("http://127.0.0.1:0/Shop");
    let server = Running::of(server, app);
    let text = server.get("/Shop/facts").text().to_owned();
    assert!(
        text.contains("/Shop/facts base=/Shop path=/facts "),
        "{text}"
    );
    let bound = server.addresses.bound()[0].to_string();
    assert!(bound.ends_with("/Shop"), "{bound}");
    server.stop();
}

#[test]
fn each_of_many_prefixes_is_bound_and_told() {
    let server = HttpSysServer::new("http://127.0.0.1:0; http://127.0.0.1:0/b").with_accepts(8);
    let server = Running::of(server, app);
    let bound = server.addresses.bound();
    assert_eq!(bound.len(), 2);
    assert_eq!(
        server.addresses.requested()[0].to_string(),
        "http://127.0.0.1:0"
    );
    for (address, target) in bound.iter().zip(["/facts", "/b/facts"]) {
        assert_ne!(address.port(), Some(0));
        let mut client = Client::to(address.connect_addr().unwrap());
        let text = client.ask("GET", target, "", b"").text().to_owned();
        assert!(text.contains("path=/facts "), "{text}");
    }
    server.stop();
}

#[test]
fn who_has_to_be_authenticated_is_refused_before_the_application_sees_it() {
    // By no scheme, so that nobody is.
    let nobody = Authentication::new().without_anonymous();
    let server = HttpSysServer::new("http://127.0.0.1:0").with_authentication(nobody);
    let server = Running::of(server, app);
    assert_eq!(server.get("/").status, 401);
    assert_eq!(server.statistics.total_requests(), 0);
    assert_eq!(server.statistics.rejections(), 1);
    server.stop();
}
