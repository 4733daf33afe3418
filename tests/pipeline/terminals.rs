//! What can end a pipeline.

use axum::extract::{Path, State};
use axum::routing::{get as get_route, post as post_route};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Frame;
use transom::features::{PathBase, RequestExt, RequestIdentifier};
use transom::{App, Application, ApplicationBuilder, Body, Request, Response};

use super::support::{answer, get, post, run, say, text};

#[test]
fn an_axum_router_ends_a_pipeline_with_its_state_parameters_and_fallback() {
    run(async {
        let router = axum::Router::new()
            .route("/", get_route(|| async { "root" }))
            .route(
                "/users/{name}",
                get_route(
                    |Path(name): Path<String>, State(greeting): State<&'static str>| async move {
                        format!("{greeting}, {name}")
                    },
                ),
            )
            .route(
                "/echo",
                post_route(|body: axum::body::Bytes| async { body }),
            )
            .with_state("hello");
        let app = ApplicationBuilder::new()
            .map("/api", |api| api.run(router.clone()))
            .run(router);
        assert_eq!(answer(&app, "/").await, (200, "root".into()));
        assert_eq!(say(&app, "/users/a%20b").await, "hello, a b");
        assert_eq!(say(&app, "/api/users/x").await, "hello, x");
        assert_eq!(say(&app, "/api").await, "root");
        assert_eq!(answer(&app, "/nowhere").await.0, 404);
        assert_eq!(answer(&app, "/echo").await.0, 405);
        let mut echo = post("there and back");
        *echo.uri_mut() = "/echo".parse().unwrap();
        assert_eq!(text(app.call(echo).await).await, "there and back");
    });
}

#[test]
fn features_and_extensions_reach_an_axum_handler() {
    run(async {
        let handler = |request: axum::extract::Request| async move {
            let mark = request.extensions().get::<&'static str>().copied();
            let base = request.feature::<PathBase>().map(ToString::to_string);
            let id = request
                .feature::<RequestIdentifier>()
                .map(ToString::to_string);
            format!("{mark:?} {base:?} {id:?}")
        };
        let nested = axum::Router::new().route("/in/{x}", get_route(handler));
        let router = axum::Router::new().nest("/nest", nested);
        let app = ApplicationBuilder::new()
            .use_fn(|mut request: Request, next| {
                request.extensions_mut().insert("mark");
                request
                    .features_mut()
                    .insert(RequestIdentifier::new("seven"));
                transom::pipeline::Next::run(next, request)
            })
            .map("/app", |app| app.run(router))
            .build();
        assert_eq!(
            say(&app, "/app/nest/in/x").await,
            r#"Some("mark") Some("/app") Some("seven")"#
        );
    });
}

#[test]
fn a_service_fn_ends_a_pipeline() {
    run(async {
        let service = tower::service_fn(|request: Request| async move {
            match request.uri().path() {
                "/fails" => Err("it does"),
                path => Ok(http::Response::new(http_body_util::Full::new(
                    bytes::Bytes::from(path.to_owned()),
                ))),
            }
        });
        let app = ApplicationBuilder::new().run(service);
        assert_eq!(answer(&app, "/x").await, (200, "/x".into()));
        assert_eq!(answer(&app, "/fails").await, (500, String::new()));
    });
}

struct Hello;

impl Application for Hello {
    async fn call(&self, _: Request) -> Response {
        Response::new(Body::from("application"))
    }
}

async fn function(request: Request) -> Response {
    Response::new(Body::from(format!("function {}", request.uri())))
}

#[test]
fn an_application_an_app_and_an_async_fn_end_a_pipeline() {
    run(async {
        let pipeline = ApplicationBuilder::new;
        assert_eq!(say(&pipeline().run(Hello), "/").await, "application");
        assert_eq!(
            say(&pipeline().run(App::new(Hello)), "/").await,
            "application"
        );
        assert_eq!(say(&pipeline().run(function), "/x").await, "function /x");
        let word = "closure".to_owned();
        let closure = move |_: Request| {
            let word = word.clone();
            async move { Response::new(Body::from(word)) }
        };
        assert_eq!(say(&pipeline().run(closure), "/").await, "closure");
    });
}

#[test]
fn an_app_is_a_tower_service_elsewhere_and_ends_a_pipeline_again() {
    run(async {
        let app = ApplicationBuilder::new().run(Hello);
        let router = axum::Router::new().fallback_service(app.clone().into_service());
        let outer = ApplicationBuilder::new().run(router);
        assert_eq!(say(&outer, "/").await, "application");
        let again = ApplicationBuilder::new().run(app.into_service());
        assert_eq!(say(&again, "/").await, "application");
    });
}

#[test]
fn a_function_may_return_anything_that_is_a_response() {
    run(async {
        async fn sent<R: transom::pipeline::IntoResponse>(answer: R) -> (u16, String, String) {
            let response = answer.into_response();
            let kind = response.headers().get("content-type");
            let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
            (response.status().as_u16(), kind, text(response).await)
        }
        let plain = "text/plain; charset=utf-8";
        let bytes = "application/octet-stream";
        for (answer, status, kind, body) in [
            (sent("text").await, 200, plain, "text"),
            (sent(String::from("text")).await, 200, plain, "text"),
            (sent(&b"bytes"[..]).await, 200, bytes, "bytes"),
            (sent(b"bytes".to_vec()).await, 200, bytes, "bytes"),
            (sent(bytes::Bytes::from("bytes")).await, 200, bytes, "bytes"),
            (sent(Body::from("body")).await, 200, "", "body"),
            (sent(()).await, 200, "", ""),
            (sent(StatusCode::GONE).await, 410, "", ""),
            (
                sent((StatusCode::CREATED, "made")).await,
                201,
                plain,
                "made",
            ),
            (sent(Ok::<_, StatusCode>("fine")).await, 200, plain, "fine"),
            (
                sent(Err::<(), _>((StatusCode::CONFLICT, "no"))).await,
                409,
                plain,
                "no",
            ),
            (
                sent(http::Response::new(
                    http_body_util::Full::<bytes::Bytes>::from("foreign"),
                ))
                .await,
                200,
                "",
                "foreign",
            ),
        ] {
            assert_eq!(answer, (status, kind.to_owned(), body.to_owned()));
        }
    });
}

#[test]
fn trailers_of_a_service_come_out_of_the_pipeline() {
    run(async {
        let app = ApplicationBuilder::new()
            .use_fn(|request, next| transom::pipeline::Next::run(next, request))
            .run(tower::service_fn(|_: Request| async {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-checksum", HeaderValue::from_static("7"));
                let frames = [
                    Ok::<_, std::convert::Infallible>(Frame::data(bytes::Bytes::from("data"))),
                    Ok(Frame::trailers(trailers)),
                ];
                let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
                Ok::<_, std::convert::Infallible>(http::Response::new(body))
            }));
        let body = app.call(get("/")).await.into_body();
        let collected = http_body_util::BodyExt::collect(body).await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-checksum"], "7");
        assert_eq!(collected.to_bytes(), "data");
    });
}

mod grpc {
    //! A gRPC service without generated code: what it is sent, shouted.

    use std::convert::Infallible;
    use std::task::{Context, Poll};

    use bytes::{Buf, BufMut, Bytes, BytesMut};
    use futures_util::future::BoxFuture;
    use http_body_util::BodyExt;
    use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
    use tonic::{Status, body::Body as GrpcBody};
    use tower::Service;

    use super::*;

    #[derive(Default)]
    struct Text;

    impl Codec for Text {
        type Encode = String;
        type Decode = String;
        type Encoder = Self;
        type Decoder = Self;

        fn encoder(&mut self) -> Self {
            Self
        }

        fn decoder(&mut self) -> Self {
            Self
        }
    }

    impl Encoder for Text {
        type Item = String;
        type Error = Status;

        fn encode(&mut self, item: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
            buffer.put_slice(item.as_bytes());
            Ok(())
        }
    }

    impl Decoder for Text {
        type Item = String;
        type Error = Status;

        fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
            let bytes = buffer.copy_to_bytes(buffer.remaining());
            let text = String::from_utf8(bytes.to_vec());
            text.map(Some)
                .map_err(|_| Status::invalid_argument("not text"))
        }
    }

    #[derive(Clone)]
    struct Shouter;

    impl tonic::server::NamedService for Shouter {
        const NAME: &'static str = "test.Shouter";
    }

    impl Service<http::Request<GrpcBody>> for Shouter {
        type Response = http::Response<GrpcBody>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<GrpcBody>) -> Self::Future {
            let shout = tower::service_fn(|request: tonic::Request<String>| async move {
                match request.into_inner() {
                    said if said.is_empty() => Err(Status::invalid_argument("say something")),
                    said => Ok(tonic::Response::new(said.to_uppercase())),
                }
            });
            Box::pin(async move { Ok(tonic::server::Grpc::new(Text).unary(shout, request).await) })
        }
    }

    /// Frames a message as gRPC does: not compressed, its length, itself.
    fn message(text: &str) -> Bytes {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(text.len()).unwrap());
        framed.put_slice(text.as_bytes());
        framed.freeze()
    }

    fn call(path: &str, said: &str) -> Request {
        http::Request::post(path)
            .version(http::Version::HTTP_2)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::from(message(said)))
            .unwrap()
    }

    fn app() -> App {
        ApplicationBuilder::new()
            .use_fn(|request, next| transom::pipeline::Next::run(next, request))
            .run(tonic::service::Routes::new(Shouter))
    }

    #[test]
    fn a_unary_call_passes_its_body_and_its_trailers() {
        run(async {
            let response = app().call(call("/test.Shouter/Shout", "hello")).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/grpc");
            let collected = response.into_body().collect_frames().await;
            assert_eq!(collected.0, message("HELLO"));
            assert_eq!(collected.1["grpc-status"], "0");
        });
    }

    #[test]
    fn the_failure_of_a_call_is_its_status_and_not_the_pipelines() {
        run(async {
            let refused = app().call(call("/test.Shouter/Shout", "")).await;
            assert_eq!(refused.status(), 200);
            assert_eq!(refused.headers()["grpc-status"], "3");
            let unknown = app().call(call("/test.Nobody/Shout", "hello")).await;
            assert_eq!(unknown.headers()["grpc-status"], "12", "unimplemented");
        });
    }

    trait CollectFrames {
        async fn collect_frames(self) -> (Bytes, HeaderMap);
    }

    impl CollectFrames for Body {
        async fn collect_frames(self) -> (Bytes, HeaderMap) {
            let collected = BodyExt::collect(self).await.unwrap();
            let trailers = collected.trailers().cloned().unwrap_or_default();
            (collected.to_bytes(), trailers)
        }
    }
}
