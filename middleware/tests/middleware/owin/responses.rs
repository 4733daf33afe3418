//! What is written: when the head goes, and what the client sees of an error.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::io::AsyncWrite;
use http::{HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::BodyExt;
use transom::testing::TestServer;
use transom::{Application, ApplicationBuilder, Body, Request, Response};
use transom_middleware::owin::{
    AppFunc, Environment, OnSendingHeaders, ResponseBody, UseOwin, keys,
};

use super::{before, end};
use crate::support::{run, text};

fn get() -> http::Request<Body> {
    http::Request::get("/").body(Body::empty()).unwrap()
}

fn field(name: &'static str, value: &'static str) -> impl FnOnce(&Environment) + Send {
    move |environment| {
        let value = HeaderValue::from_static(value);
        let _ = environment.modify(keys::RESPONSE_HEADERS, |headers: &mut HeaderMap| {
            headers.append(name, value)
        });
    }
}

#[test]
fn the_first_write_freezes_the_head_after_the_last_changes_to_it() {
    let write = end(|environment| async move {
        let sending: OnSendingHeaders = environment.require(keys::ON_SENDING_HEADERS)?;
        sending.register(field("x-order", "first"))?;
        sending.register(field("x-order", "last"))?;
        environment.set(keys::RESPONSE_STATUS_CODE, 202_u16)?;
        let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
        body.write("one").await?;
        let frozen = environment
            .set(keys::RESPONSE_STATUS_CODE, 500_u16)
            .unwrap_err();
        assert!(frozen.is_frozen());
        assert!(
            environment
                .set(keys::RESPONSE_HEADERS, HeaderMap::new())
                .is_err()
        );
        body.write("two").await?;
        assert!(sending.register(|_| {}).unwrap_err().is_frozen());
        Ok(())
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(write))
        .build();
    run(async {
        let response = app.call(get()).await;
        assert_eq!(response.status(), 202);
        let order: Vec<_> = response.headers().get_all("x-order").iter().collect();
        assert_eq!(order, ["last", "first"]);
        assert_eq!(text(response).await, "onetwo");
    });
}

#[test]
fn a_flush_sends_the_head_before_there_is_content() {
    let write = end(|environment| async move {
        let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
        body.flush().await?;
        std::future::pending().await
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(write))
        .build();
    let response = run(async { app.call(get()).await });
    assert_eq!(response.status(), 200);
}

#[test]
fn an_error_is_a_500_before_the_first_write_and_breaks_the_response_off_after_it() {
    let fail = end(|environment| async move {
        let written: String = environment.require(keys::REQUEST_QUERY_STRING)?;
        let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
        if !written.is_empty() {
            body.write(written).await?;
        }
        Err("a mistake".into())
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(fail))
        .build();
    run(async {
        let client = TestServer::new().start(app).await.unwrap();
        let response = client.get("/").await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(text(response).await, "");
        let response = client.get("/?begun").await.unwrap();
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "begun");
        assert!(body.frame().await.unwrap().is_err());
    });
}

#[test]
fn a_client_that_does_not_read_holds_the_writer_up_and_one_that_goes_drops_it() {
    struct Ended(Arc<AtomicUsize>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.store(1_000, Ordering::Relaxed);
        }
    }
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let write = end(move |environment: Environment| {
        let count = Arc::clone(&count);
        async move {
            let _ended = Ended(Arc::clone(&count));
            let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
            loop {
                body.write("piece").await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(write))
        .build();
    run(async {
        let mut response = app.call(get()).await;
        assert_eq!(written.load(Ordering::Relaxed), 1, "there is room for one");
        for read in 1..4 {
            response.body_mut().frame().await.unwrap().unwrap();
            assert!(written.load(Ordering::Relaxed) <= read + 1);
        }
        drop(response);
        assert_eq!(
            written.load(Ordering::Relaxed),
            1_000,
            "the function is dropped"
        );
    });
}

#[test]
fn a_writer_that_outlives_its_response_is_told_so() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let keep = end(move |environment: Environment| {
        let sender = sender.clone();
        async move { Ok(sender.send(environment.require::<ResponseBody>(keys::RESPONSE_BODY)?)?) }
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(keep))
        .build();
    run(async {
        assert_eq!(text(app.call(get()).await).await, "");
        let kept = receiver.recv().unwrap();
        let error = kept.write("late").await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
        assert!(kept.flush().await.is_err());
    });
}

#[test]
fn the_response_of_the_rest_goes_through_as_it_is() {
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(before(|_| async { Ok(()) })))
        .run(async |_: Request| {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-after", HeaderValue::from_static("all"));
            Response::new(Body::from("content").with_trailers(trailers))
        });
    run(async {
        let collected = app.call(get()).await.into_body();
        let collected = BodyExt::collect(collected).await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-after"], "all");
        let app = ApplicationBuilder::new()
            .use_owin(|owin| owin.with(before(|_| async { Ok(()) })))
            .run_fn(|_| async { "content" });
        let response = app.call(get()).await;
        assert_eq!(response.body().size_hint().exact(), Some(7));
    });
}

#[test]
fn what_is_written_before_and_after_the_rest_is_around_it() {
    let around = |next: AppFunc| {
        AppFunc::new(move |environment: Environment| {
            let next = next.clone();
            async move {
                let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
                body.write("<").await?;
                next.call(environment).await?;
                body.write(">").await?;
                Ok(())
            }
        })
    };
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(around))
        .run_fn(|_| async { (http::StatusCode::NOT_FOUND, "between") });
    run(async {
        let response = app.call(get()).await;
        assert_eq!(response.status(), 200, "the head was sent before");
        assert_eq!(text(response).await, "<between>");
    });
}

/// Writes in capitals.
struct Capitals(ResponseBody);

impl AsyncWrite for Capitals {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &data.to_ascii_uppercase())
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

#[test]
fn a_component_may_stand_between_the_writer_and_the_client() {
    let capitals = before(|environment| async move {
        let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
        Ok(environment.set(keys::RESPONSE_BODY, ResponseBody::new(Capitals(body)))?)
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(capitals))
        .run_fn(|_| async { "quiet" });
    run(async {
        assert_eq!(text(app.call(get()).await).await, "QUIET");
    });
}

#[test]
fn a_panic_costs_one_request() {
    let panic = before(|environment: Environment| async move {
        assert_eq!(
            environment.get::<String>(keys::REQUEST_PATH).as_deref(),
            Some("/ok")
        );
        Ok(())
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(panic))
        .run_fn(|_| async { "fine" });
    run(async {
        let client = TestServer::new().start(app).await.unwrap();
        assert_eq!(client.get("/").await.unwrap().status(), 500);
        assert_eq!(text(client.get("/ok").await.unwrap()).await, "fine");
    });
}

#[test]
fn an_environment_goes_with_its_request_whatever_holds_it() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let hold = before(move |environment: Environment| {
        let sender = sender.clone();
        async move {
            let alive = Arc::new(());
            sender.send(Arc::downgrade(&alive))?;
            let body: ResponseBody = environment.require(keys::RESPONSE_BODY)?;
            environment.set(keys::RESPONSE_BODY, ResponseBody::new(Capitals(body)))?;
            let sending: OnSendingHeaders = environment.require(keys::ON_SENDING_HEADERS)?;
            let held = (environment.clone(), alive);
            sending.register(move |_| drop(held))?;
            match environment
                .get::<String>(keys::REQUEST_QUERY_STRING)
                .as_deref()
            {
                Some("fail") => Err("a mistake".into()),
                Some("wait") => std::future::pending().await,
                _ => Ok(()),
            }
        }
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(hold))
        .run_fn(|_| async { "text" });
    run(async {
        for query in ["answer", "fail", "wait"] {
            let request = http::Request::get(format!("/?{query}"));
            let mut answering = Box::pin(app.call(request.body(Body::empty()).unwrap()));
            let answered = futures_util::poll!(&mut answering);
            drop((answered, answering));
            let alive = receiver.recv().unwrap();
            assert!(alive.upgrade().is_none(), "{query}");
        }
    });
}
