//! Several components: what is built how often, in which order, and what they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, HeaderValue, header};
use transom::pipeline::Failure;
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Request, RequestExt, Response};
use transom_conformance::Lint;
use transom_middleware::owin::{AppFunc, Environment, UseOwin, keys};

use super::{before, end};
use crate::support::{run, send, text};

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

/// Appends to an item on the way in.
fn trail(name: &'static str) -> impl Fn(AppFunc) -> AppFunc + Send + Sync + 'static {
    before(move |environment| async move {
        let trail: String = environment.get("test.Trail").unwrap_or_default();
        Ok(environment.set("test.Trail", trail + name)?)
    })
}

#[test]
fn components_run_in_their_order_and_are_built_once() {
    let built = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&built);
    let count = move |next: AppFunc| {
        counted.fetch_add(1, Ordering::Relaxed);
        next
    };
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(trail("a")).with(count).with(trail("b")))
        // Another stage has an environment of its own, and the items of the first.
        .use_owin(|owin| owin.with(trail("c")))
        .run_fn(|request: Request| async move {
            let environment = request.feature::<Environment>().unwrap();
            environment.require::<String>("test.Trail").unwrap()
        });
    run(async {
        let client = TestServer::new().start(app).await.unwrap();
        for _ in 0..3 {
            assert_eq!(text(client.get("/").await.unwrap()).await, "abc");
        }
    });
    assert_eq!(built.load(Ordering::Relaxed), 1);
}

#[test]
fn a_component_that_answers_ends_the_request_there() {
    let refuse = end(|environment| async move {
        environment.set(keys::RESPONSE_STATUS_CODE, 403_u16)?;
        Ok(())
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(refuse))
        .run_fn(|_| async { panic!("nobody gets here") as String });
    let response = run(send(app, get("/")));
    assert_eq!(response.status(), 403);
}

#[test]
fn fields_of_both_are_there_and_the_later_ones_win() {
    let fields = before(|environment| async move {
        environment.modify(keys::RESPONSE_HEADERS, |headers: &mut HeaderMap| {
            headers.insert("x-powered-by", HeaderValue::from_static("owin"));
            headers.insert("x-both", HeaderValue::from_static("first"));
            headers.insert(header::SET_COOKIE, HeaderValue::from_static("a=1"));
        })?;
        Ok(())
    });
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(fields))
        .run(async |_: Request| {
            let response = http::Response::builder()
                .status(201)
                .header("x-both", "second");
            let response = response
                .header("set-cookie", "b=2")
                .header("set-cookie", "c=3");
            response.body(Body::empty()).unwrap()
        });
    let response = run(send(app, get("/")));
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-powered-by"], "owin");
    assert_eq!(response.headers()["x-both"], "second");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2", "c=3"]);
}

#[test]
fn an_error_of_what_comes_after_it_keeps_its_meaning() {
    async fn fail(_: Request) -> Result<Response, Failure> {
        Err(transom::body::Error::length_limit(5))?
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let status = Arc::clone(&seen);
    let look = move |next: AppFunc| {
        let status = Arc::clone(&status);
        AppFunc::new(move |environment: Environment| {
            let (next, status) = (next.clone(), Arc::clone(&status));
            async move {
                next.call(environment.clone()).await?;
                let seen: u16 = environment.require(keys::RESPONSE_STATUS_CODE)?;
                status.store(seen.into(), Ordering::Relaxed);
                Ok(())
            }
        })
    };
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(look))
        .run_fn(fail);
    let response = run(async { transom::Application::call(&app, get("/")).await });
    assert_eq!(response.status(), 413);
    assert!(response.extensions().get::<Failure>().is_some());
    assert_eq!(seen.load(Ordering::Relaxed), 413);
}

#[test]
fn a_request_that_is_handed_on_twice_has_its_body_once() {
    let twice = |next: AppFunc| {
        AppFunc::new(move |environment: Environment| {
            let next = next.clone();
            async move {
                next.call(environment.clone()).await?;
                next.call(environment).await
            }
        })
    };
    let app = ApplicationBuilder::new()
        .use_owin(|owin| owin.with(twice))
        .run(async |request: Request| Response::new(request.into_body()));
    let request = http::Request::post("/").body(Body::from("once")).unwrap();
    run(async {
        assert_eq!(text(send(app, request).await).await, "once");
    });
}

#[test]
fn no_rule_is_broken_on_either_side() {
    run(async {
        let (inside, after) =
            Lint::new(async |request: Request| Response::new(request.into_body()));
        let app = ApplicationBuilder::new()
            .use_owin(|owin| owin.with(trail("a")).with(trail("b")))
            .run(inside);
        let (outside, before) = Lint::new(app);
        let client = TestServer::new().start(outside).await.unwrap();
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let request = http::Request::builder().method(method).uri("/a%2Fb?c");
            let request = request.body(Body::from("content")).unwrap();
            let response = client.send(request).await.unwrap();
            assert_eq!(response.status(), 200);
            response.into_body().collect(64).await.unwrap();
        }
        assert!(before.is_clean(), "{:?}", before.violations());
        assert!(after.is_clean(), "{:?}", after.violations());
    });
}
