//! Faults in the response.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use transom::adapter::body_pump;
use transom::body::Error;
use transom::pipeline::Next;
use transom::{Body, Request, Response};
use transom_conformance::Protocol;

use crate::faulty::Fault;
use crate::garbled::{End, replace, requests, responses};

pub(crate) fn faults() -> Vec<Fault> {
    [
        of_status(),
        of_fields(),
        of_framing(),
        of_bodiless(),
        of_keep_alive(),
        of_flow(),
        of_end(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_status() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-RES-STATUS",
            "a status without a name becomes 500",
            |request, next| {
                with_response(request, next, |response| {
                    if response.status().canonical_reason().is_none() {
                        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    }
                })
            },
        ),
        Fault::server("S-RES-REASON", "a reason phrase holds a bell", || {
            responses(|bytes, _| replace(bytes, "HTTP/1.1 299 ", "HTTP/1.1 299 \u{7}"))
        }),
        Fault::server("S-RES-101", "it switches to nothing", || {
            responses(|bytes, _| replace(bytes, "HTTP/1.1 500 ", "HTTP/1.1 101 "))
        }),
        Fault::server("S-RES-1XX", "they become 200", || {
            responses(|bytes, _| replace(bytes, "HTTP/1.1 500 ", "HTTP/1.1 200 "))
        }),
    ]
}

fn of_fields() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-RES-MULTI",
            "fields of one name are joined",
            |request, next| {
                with_fields(request, next, |fields| {
                    let values = fields.get_all("set-cookie").iter();
                    let all: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
                    let joined = HeaderValue::from_str(&all.join(", ")).unwrap();
                    fields.insert("set-cookie", joined);
                })
            },
        ),
        Fault::new(
            "S-RES-HDR-BYTES",
            "values are made ASCII",
            |request, next| {
                with_value(request, next, |value| {
                    let ascii = value
                        .iter()
                        .map(|byte| if byte.is_ascii() { *byte } else { b'?' });
                    Some(ascii.collect())
                })
            },
        ),
        Fault::new(
            "S-RES-HDR-EMPTY",
            "empty fields are dropped",
            |request, next| {
                with_value(request, next, |value| {
                    (!value.is_empty()).then(|| value.to_vec())
                })
            },
        ),
        Fault::new(
            "S-RES-HDR-BIG",
            "values are cut at 4 KiB",
            |request, next| with_value(request, next, |value| Some(value[..4096].to_vec())),
        ),
        Fault::new(
            "S-RES-HDR-MANY",
            "the last field is lost",
            |request, next| {
                with_fields(request, next, |fields| {
                    fields.remove("x-field-59");
                })
            },
        ),
        Fault::server("S-RES-DATE", "there is none", || {
            responses(|bytes, _| replace(bytes, "\r\ndate: ", "\r\nx-date: "))
        }),
        Fault::server("S-RES-DATE", "there are two", || {
            responses(|bytes, _| {
                let two = "\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ndate: ";
                replace(bytes, "\r\ndate: ", two);
            })
        }),
        Fault::server("S-RES-TE", "one of them gets through", || {
            responses(|bytes, _| replace(bytes, "\r\ndate: ", "\r\nte: x-made-up\r\ndate: "))
        }),
    ]
}

fn of_framing() -> Vec<Fault> {
    vec![
        over_h1(Fault::new(
            "S-RES-LENGTH",
            "every body is chunked",
            |request, next| {
                with_response(request, next, |response| {
                    response.headers_mut().remove(header::CONTENT_LENGTH);
                    let data = std::mem::take(response.body_mut()).into_stream();
                    // Empty, so that a body without a byte is chunked too.
                    let data = stream::iter([Ok(Bytes::new())]).chain(data);
                    *response.body_mut() = Body::from_stream(data);
                })
            },
        )),
        over_h1(Fault::new(
            "S-RES-CHUNK",
            "bodies are gathered first",
            gathered,
        )),
        Fault::new(
            "S-RES-CHUNK-EMPTY",
            "an empty piece ends the body",
            |request, next| {
                with_data(request, next, |data| {
                    data.take_while(|piece| {
                        let more = !piece.as_ref().is_ok_and(Bytes::is_empty);
                        std::future::ready(more)
                    })
                })
            },
        ),
        Fault::server("S-RES-CHUNK-10", "every client is one of HTTP/1.1", || {
            requests(|bytes, _| replace(bytes, " HTTP/1.0\r\n", " HTTP/1.1\r\nhost: a\r\n"))
        }),
        Fault::new(
            "S-RES-CL-SHORT",
            "short bodies are padded",
            |request, next| {
                with_response(request, next, |response| {
                    let announced = response.headers().get(header::CONTENT_LENGTH);
                    let announced =
                        announced.map_or(0, |value| value.to_str().unwrap().parse().unwrap());
                    let data = std::mem::take(response.body_mut()).into_stream();
                    let padding = stream::repeat_with(|| Ok(Bytes::from_static(b" ")));
                    let padded = data.chain(padding).scan(announced, |left, piece| {
                        let length = piece.as_ref().map_or(0, Bytes::len);
                        let within = *left >= length && *left > 0;
                        *left = left.saturating_sub(length);
                        std::future::ready(within.then_some(piece))
                    });
                    if announced > 0 {
                        *response.body_mut() = Body::from_stream(padded);
                    }
                })
            },
        ),
        over_h1(Fault::new(
            "S-RES-CL-LONG",
            "the length is forgotten",
            forget_length,
        )),
        Fault::new(
            "S-RES-CL-LONG-STREAM",
            "the length is forgotten",
            forget_length,
        ),
        Fault::new("S-RES-CL-WRONG", "the length is forgotten", forget_length),
        Fault::new(
            "S-RES-EMBEDCRLF",
            "a head is looked for in the body",
            |request, next| {
                with_data(request, next, |data| {
                    data.map_ok(|piece| {
                        let empty_line = piece.windows(4).rposition(|at| at == b"\r\n\r\n");
                        piece.slice(empty_line.map_or(0, |at| at + 4)..)
                    })
                })
            },
        ),
    ]
}

fn of_bodiless() -> Vec<Fault> {
    vec![
        Fault::server("S-RES-NOBODY", "a 204 has a length", || {
            responses(|bytes, _| {
                let announced = "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n";
                replace(bytes, "HTTP/1.1 204 No Content\r\n", announced);
            })
        }),
        Fault::server("S-RES-NOBODY-BYTES", "a 304 has a body", || {
            responses(|bytes, _| {
                if bytes.starts_with(b"HTTP/1.1 304 ") {
                    bytes.extend_from_slice(b"hello");
                }
            })
        }),
        Fault::new(
            "S-RES-HEAD",
            "the answer to HEAD loses its length",
            |request, next| {
                let is_head = request.method() == Method::HEAD;
                with_response(request, next, move |response| {
                    if is_head {
                        response.headers_mut().remove(header::CONTENT_LENGTH);
                        *response.body_mut() = Body::empty();
                    }
                })
            },
        ),
        Fault::server("S-RES-HEAD-BYTES", "the answer to HEAD has a body", || {
            responses(|bytes, _| {
                let announced = bytes.windows(17).any(|at| at == b"content-length: 5");
                if announced && bytes.ends_with(b"\r\n\r\n") {
                    bytes.extend_from_slice(b"hello");
                }
            })
        }),
    ]
}

fn of_keep_alive() -> Vec<Fault> {
    vec![
        Fault::server("S-RES-KEEP", "no connection is kept", || {
            requests(|bytes, _| replace(bytes, "\r\nHost: ", "\r\nConnection: close\r\nHost: "))
        }),
        Fault::server("S-RES-KEEP-CLOSE", "the wish is not heard", || {
            requests(|bytes, _| replace(bytes, "Connection: close", "X-Nothing: close"))
        }),
        Fault::server("S-RES-KEEP-10", "the wish is not heard", || {
            requests(|bytes, _| replace(bytes, "Connection: keep-alive", "X-Nothing: keep-alive"))
        }),
        Fault::server(
            "S-RES-KEEP-10",
            "a body that ends with the connection promises more",
            || responses(|bytes, _| replace(bytes, "connection: close", "connection: keep-alive")),
        ),
    ]
}

fn of_flow() -> Vec<Fault> {
    vec![
        Fault::new("S-RES-FLUSH", "bodies are gathered first", gathered),
        Fault::new("S-RES-BIG", "bodies are gathered first", gathered),
        Fault::new(
            "S-RES-BIG",
            "what was sent of a body is kept",
            |request, next| {
                with_data(request, next, |data| {
                    let mut kept = Vec::new();
                    data.inspect_ok(move |data| kept.push(data.to_vec()))
                })
            },
        ),
        Fault::new("S-RES-BACKPRESSURE", "bodies are gathered first", gathered),
        Fault::new("S-SSE", "bodies are gathered first", gathered),
        Fault::new("S-SSE-KEEPALIVE", "bodies are gathered first", gathered),
        Fault::new("S-GRPC", "trailers are dropped", |request, next| {
            with_data(request, next, |data| data)
        }),
        Fault::new("S-GRPC-STREAM", "bodies are gathered first", gathered),
        Fault::new(
            "S-RES-EARLY",
            "the body of the request is read first",
            |request, next| async move {
                let (head, body) = request.into_parts();
                let data = body.collect(1 << 20).await.unwrap_or_default();
                next.run(Request::from_parts(head, Body::from(data))).await
            },
        ),
        Fault::new("S-RES-TRAILERS", "trailers are dropped", |request, next| {
            with_data(request, next, |data| data)
        }),
        over_h1(Fault::new(
            "S-RES-TRAILERS-DROPPED",
            "trailers are sent as data",
            |request, next| {
                with_response(request, next, |response| {
                    response.headers_mut().remove(header::CONTENT_LENGTH);
                    let body = std::mem::take(response.body_mut());
                    let frames =
                        BodyStream::new(body).map_ok(|frame| match frame.into_trailers() {
                            Ok(trailers) => Frame::data(Bytes::from(format!("{trailers:?}"))),
                            Err(frame) => frame,
                        });
                    *response.body_mut() = Body::new(StreamBody::new(frames));
                })
            },
        )),
    ]
}

fn of_end() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-RES-ERRMID",
            "an error is the end of the body",
            |request, next| {
                with_data(request, next, |data| {
                    let sound = data.take_while(|piece| std::future::ready(piece.is_ok()));
                    sound.map_ok(|piece| piece)
                })
            },
        ),
        Fault::server("S-RES-ERRMID-BYTES", "the body is closed nicely", || {
            responses(|bytes, end| {
                if end == End::Closed {
                    bytes.extend_from_slice(b"0\r\n\r\n");
                }
            })
        }),
        Fault::server("S-RES-ERRMID-10", "every end is an orderly one", || {
            responses(|_, _| {})
        }),
        Fault::new(
            "S-RES-CLOSE",
            "a body that is not sent is forgotten",
            |request, next| {
                let is_head = request.method() == Method::HEAD;
                with_response(request, next, move |response| {
                    if is_head {
                        std::mem::forget(std::mem::take(response.body_mut()));
                    }
                })
            },
        ),
        Fault::new(
            "S-RES-CLOSE-ABORT",
            "a body is kept when the client is gone",
            |request, next| {
                with_response(request, next, |response| {
                    let (mut sender, pumped) = body_pump(None);
                    let mut body = std::mem::replace(response.body_mut(), pumped);
                    tokio::spawn(async move {
                        while let Some(Ok(frame)) = body.frame().await {
                            let data = frame.into_data().unwrap_or_default();
                            if sender.data(data).await.is_err() {
                                std::future::pending::<Infallible>().await;
                            }
                        }
                        sender.finish();
                    });
                })
            },
        ),
    ]
}

fn over_h1(fault: Fault) -> Fault {
    fault.on(Protocol::Http1)
}

async fn with_response(
    request: Request,
    next: Next,
    change: impl FnOnce(&mut Response),
) -> Response {
    let mut response = next.run(request).await;
    change(&mut response);
    response
}

async fn with_fields(request: Request, next: Next, change: fn(&mut HeaderMap)) -> Response {
    with_response(request, next, |response| change(response.headers_mut())).await
}

/// Changes, or removes, the field on which the cases of values look.
async fn with_value(
    request: Request,
    next: Next,
    change: fn(&[u8]) -> Option<Vec<u8>>,
) -> Response {
    with_response(request, next, |response| {
        const VALUE: HeaderName = HeaderName::from_static("x-value");
        let fields = response.headers_mut();
        if let Some(value) = fields.remove(VALUE)
            && let Some(changed) = change(value.as_bytes())
        {
            fields.insert(VALUE, HeaderValue::from_bytes(&changed).unwrap());
        }
    })
    .await
}

/// Changes the data of the body. Trailers are lost.
async fn with_data<S>(
    request: Request,
    next: Next,
    change: fn(transom::body::BodyStream) -> S,
) -> Response
where
    S: Stream<Item = Result<Bytes, Error>> + Send + 'static,
{
    with_response(request, next, |response| {
        let data = std::mem::take(response.body_mut()).into_stream();
        *response.body_mut() = Body::from_stream(change(data));
    })
    .await
}

async fn gathered(request: Request, next: Next) -> Response {
    let (head, body) = next.run(request).await.into_parts();
    let data = body.collect(1 << 30).await.unwrap_or_default();
    Response::from_parts(head, Body::from(data))
}

async fn forget_length(request: Request, next: Next) -> Response {
    with_fields(request, next, |fields| {
        fields.remove(header::CONTENT_LENGTH);
    })
    .await
}
