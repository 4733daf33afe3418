//! A function URL and a REST API: requests become events, and answers responses.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::StreamBody;
use serde_json::{Map, Value, json};
use transom::Body;
use transom_conformance::{Failure, Gateway, GatewayConnection};

use super::runtime_api::{Answer, RuntimeApi};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Returns what stands before a server on this Runtime API: `event_of` makes the events.
pub fn gateway(api: &RuntimeApi, event_of: fn(&Request<Bytes>) -> Value) -> Gateway {
    let api = api.clone();
    Gateway::new(move |_| {
        let api = api.clone();
        async move {
            let connection = GatewayConnection::new(move |request: Request<Body>| {
                let api = api.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let content = body.collect(usize::MAX).await?;
                    let event = event_of(&Request::from_parts(head, content));
                    let answer = api.invoke(event.to_string()).await;
                    let answer = answer.ok_or_else(|| Failure::new("no function answers"))?;
                    let response = response_of(answer).await;
                    response.map_err(|error| Failure::new(error.to_string()))
                }
            });
            let here = (IpAddr::from(Ipv4Addr::UNSPECIFIED), 0);
            Ok(connection.with_ends((CLIENT, 0).into(), here.into()))
        }
    })
}

/// Returns the event of a function URL that a request becomes.
pub fn function_url(request: &Request<Bytes>) -> Value {
    let mut headers = Map::new();
    for name in request.headers().keys() {
        let values: Vec<_> = request.headers().get_all(name).iter().map(text).collect();
        // Cookies are joined by what is between them in one field.
        let between = if name == header::COOKIE { "; " } else { "," };
        headers.insert(name.to_string(), values.join(between).into());
    }
    let cookies: Vec<Value> = headers
        .get("cookie")
        .and_then(Value::as_str)
        .map(|cookies| cookies.split("; ").map(Value::from).collect())
        .unwrap_or_default();
    let uri = request.uri();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "id",
            // As emulators have it, which speak no TLS.
            "domainName": "localhost",
            "http": {
                "method": request.method().as_str(),
                "path": uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": CLIENT.to_string(),
            },
            "requestId": "3a7b5d1c",
            "routeKey": "$default",
            "stage": "$default",
        },
    });
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    add_content(&mut event, request.body());
    event
}

/// Returns the event of a REST API that a request becomes.
pub fn rest_api(request: &Request<Bytes>) -> Value {
    let mut headers = Map::new();
    for name in request.headers().keys() {
        let values = request.headers().get_all(name).iter();
        headers.insert(name.to_string(), values.map(text).collect());
    }
    let mut parameters = Map::new();
    for parameter in request
        .uri()
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
    {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let values = parameters
            .entry(unescaped(name))
            .or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(unescaped(value).into());
    }
    let uri = request.uri();
    let mut event = json!({
        "resource": "/{proxy+}",
        "path": uri.path(),
        "httpMethod": request.method().as_str(),
        "headers": null,
        "multiValueHeaders": headers,
        "multiValueQueryStringParameters": parameters,
        "requestContext": {
            "path": uri.path(),
            "stage": "prod",
            "protocol": "HTTP/1.1",
            "domainName": "localhost",
            "identity": {"sourceIp": CLIENT.to_string()},
        },
        "body": null,
    });
    add_content(&mut event, request.body());
    event
}

fn add_content(event: &mut Value, content: &Bytes) {
    let text = std::str::from_utf8(content);
    event["isBase64Encoded"] = text.is_err().into();
    if !content.is_empty() {
        event["body"] = match text {
            Ok(text) => text.into(),
            Err(_) => STANDARD.encode(content).into(),
        };
    }
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, left) = match escaped {
            Some(byte) if *first == b'%' => (byte, &after[2..]),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

type Wrong = Box<dyn std::error::Error + Send + Sync>;

/// Returns what a client gets; an error if it gets nothing.
pub async fn response_of(answer: Answer) -> Result<Response<Body>, Wrong> {
    match answer {
        Answer::Failed(problem) => Err(format!("{}: {}", problem.kind, problem.message).into()),
        Answer::Buffered(payload) => {
            let answer: Value = serde_json::from_slice(&payload)?;
            let body = answer["body"].as_str().unwrap_or_default();
            let content = match answer["isBase64Encoded"].as_bool() {
                Some(true) => STANDARD.decode(body)?,
                _ => body.as_bytes().to_vec(),
            };
            Ok(head(&answer)?.map(|()| Body::from(content)))
        }
        Answer::Streamed(mut chunks) => {
            let mut all = BytesMut::new();
            let end = loop {
                if let Some(end) = all.windows(8).position(|bytes| bytes == [0; 8]) {
                    break end;
                }
                all.extend_from_slice(&chunks.recv().await.ok_or("there is no prelude")??);
            };
            let rest = all.split_off(end + 8).freeze();
            let prelude: Value = serde_json::from_slice(&all[..end])?;
            let response = head(&prelude)?;
            let first = (!rest.is_empty()).then_some(Ok(rest));
            let frames = stream::unfold((first, chunks), |(first, mut chunks)| async {
                let chunk = match first {
                    Some(first) => first,
                    None => chunks.recv().await?,
                };
                Some((chunk.map(http_body::Frame::data), (None, chunks)))
            });
            Ok(response.map(|()| Body::new(StreamBody::new(frames))))
        }
    }
}

fn head(answer: &Value) -> Result<Response<()>, Wrong> {
    let mut response = Response::new(());
    let status = answer["statusCode"].as_u64().ok_or("there is no status")?;
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status)?)?;
    let mut add = |name: &str, value: &Value| -> Result<(), Wrong> {
        let value = value.as_str().ok_or("a value is no text")?;
        let name = HeaderName::from_bytes(name.as_bytes())?;
        response
            .headers_mut()
            .append(name, HeaderValue::from_bytes(value.as_bytes())?);
        Ok(())
    };
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        add(name, value)?;
    }
    for (name, values) in answer["multiValueHeaders"]
        .as_object()
        .into_iter()
        .flatten()
    {
        for value in values.as_array().ok_or("the values are no list")? {
            add(name, value)?;
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        add("set-cookie", cookie)?;
    }
    Ok(response)
}
