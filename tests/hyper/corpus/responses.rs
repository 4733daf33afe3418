//! What a response is framed as, whatever the application says.

use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use transom::{Body, Request, Response};

use super::play::echo;
use super::reply::Replies;
use crate::support::{start, within};

/// Answers with the status that is the path, the fields that are the query (`name:value`, separated by `;`),
/// and a body.
async fn as_asked(request: Request) -> Response {
    let status: u16 = request.uri().path()[1..].parse().unwrap();
    let mut response = Response::new(Body::from("hello"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for field in request.uri().query().unwrap_or_default().split(';') {
        if let Some((name, value)) = field.split_once(':') {
            let name: HeaderName = name.parse().unwrap();
            let value = HeaderValue::from_str(&value.replace('+', " ")).unwrap();
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[tokio::test]
async fn no_status_and_no_field_of_an_application_breaks_the_framing() {
    let server = start(as_asked).await;
    let mut fields = vec![String::new()];
    for field in [
        "content-length:5",
        "transfer-encoding:chunked",
        "transfer-encoding:gzip,+chunked",
        "content-length:5;transfer-encoding:chunked",
        "connection:keep-alive",
        "connection:upgrade;upgrade:a",
        "connection:transfer-encoding",
        "keep-alive:timeout=5",
        "proxy-connection:close",
        "trailer:x",
        "te:trailers",
        "upgrade:h2c",
    ] {
        fields.push(field.to_owned());
    }
    for method in ["GET", "HEAD", "POST"] {
        for status in [200, 201, 204, 205, 206, 299, 304, 404, 426, 500] {
            for fields in &fields {
                let what = format!("{method} /{status}?{fields}");
                let stream = within(TcpStream::connect(server.address)).await.unwrap();
                let mut replies = Replies(BufReader::new(stream));
                // The second and the third show that the first ended where it should.
                for end in ["", "", "connection: close\r\n"] {
                    let request =
                        format!("{what} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n{end}\r\n");
                    within(replies.0.get_mut().write_all(request.as_bytes()))
                        .await
                        .unwrap();
                    let reply = replies.next(method == "HEAD").await;
                    let Ok(Some(reply)) = reply else {
                        panic!("{what}: {:?}", reply.err());
                    };
                    assert_eq!(reply.status, status, "{what}");
                    let bodiless = method == "HEAD" || matches!(status, 204 | 205 | 304);
                    let expected: &[u8] = if bodiless { b"" } else { b"hello" };
                    assert_eq!(reply.body, expected, "{what}");
                    let coded = reply.values("transfer-encoding");
                    assert!(coded.is_empty(), "{what}: {coded:?}");
                    let length = reply.values("content-length");
                    match status {
                        204 => assert!(length.is_empty(), "{what}: {length:?}"),
                        205 => assert_eq!(length, ["0"], "{what}"),
                        304 => assert!(length.is_empty() || length == ["5"], "{what}"),
                        _ => assert_eq!(length, ["5"], "{what}"),
                    }
                    let connection = reply.values("connection");
                    assert_eq!(reply.closes(), !end.is_empty(), "{what}: {connection:?}");
                    for gone in ["keep-alive", "proxy-connection", "te"] {
                        assert!(reply.values(gone).is_empty(), "{what}: {gone}");
                    }
                    assert_eq!(reply.values("date").len(), 1, "{what}");
                }
                assert_eq!(replies.rest().await.unwrap(), b"", "{what}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_whose_end_of_input_follows_at_once_is_answered() {
    let server = start(echo).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", Some(200)),
        ("GET / HTTP/1.0\r\n\r\n", Some(200)),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
            Some(200),
        ),
        // RFC 9112, section 8: what is not whole is no request, and may be answered.
        ("GET / HTTP/1.1\r\nhost: a\r\n", Some(400)),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r", Some(400)),
        ("GET", Some(400)),
        ("", None),
        ("\r\n", None),
    ] {
        let mut stream = within(TcpStream::connect(server.address)).await.unwrap();
        within(stream.write_all(request.as_bytes())).await.unwrap();
        within(stream.shutdown()).await.unwrap();
        let mut replies = Replies(BufReader::new(stream));
        let reply = replies.next(false).await.unwrap();
        assert_eq!(reply.map(|reply| reply.status), status, "{request:?}");
        assert_eq!(replies.rest().await.unwrap(), b"", "{request:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn trailers_that_could_be_taken_for_fields_of_the_head_are_not_handed_over() {
    let server = start(|request: Request| async move {
        let body = request.into_body();
        let collected = http_body_util::BodyExt::collect(body).await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        assert!(!trailers.contains_key(header::CONTENT_LENGTH));
        let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        Response::new(Body::from(names.join(",")))
    })
    .await;
    let trailers = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: c\r\n\
                    Connection: close\r\nX-Checksum: d\r\nCookie: e\r\n";
    let answer = server
        .exchange(format!(
            "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
             2\r\nok\r\n0\r\n{trailers}\r\n"
        ))
        .await;
    assert!(answer.ends_with("\r\n\r\nx-checksum"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn what_follows_a_connect_that_is_declined_is_no_request() {
    let server = start(echo).await;
    let answer = server
        .exchange(
            "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(!answer.contains("smuggled"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_asks_for_another_protocol_with_a_body_is_answered_in_this_one() {
    let server = start(echo).await;
    let answer = server
        .exchange(
            "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\
             content-length: 5\r\n\r\nhello",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("POST / a hello"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_101_names_what_follows_or_is_a_mistake() {
    let server = start(as_asked).await;
    let asks = "HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n";
    let answer = server.exchange(format!("GET /101?upgrade:a {asks}")).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("\r\nconnection: upgrade\r\n"), "{answer}");
    assert!(answer.contains("\r\nupgrade: a\r\n"), "{answer}");
    for fields in ["", "?connection:upgrade", "?connection:close"] {
        let mut client = server.connect().await;
        client.send(format!("GET /101{fields} {asks}")).await;
        let answer = client.until("\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(!answer.contains("upgrade"), "{answer}");
        // It is HTTP still.
        client.send("GET /200 HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.until("hello").await;
    }
    server.stop().await;
}
