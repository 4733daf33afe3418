//! Lesson 12: the whole application in a test, without a socket.
//!
//! `cargo run --example 12_testing` runs what would stand in a `#[tokio::test]`.

use futures_util::StreamExt;
use http::{Request, StatusCode};
use transom::features::{RequestExt, RequestLifetime};
use transom::testing::TestServer;
use transom::{App, ApplicationBuilder, Body};

/// The application, as the program would hand it to its host.
fn application() -> App {
    ApplicationBuilder::new()
        .map("/count", |count| {
            // A body that is made while it is read.
            count.run_fn(|_| async {
                let numbers = futures_util::stream::iter(1..=3);
                Body::from_stream(
                    numbers.map(|number| Ok::<_, std::io::Error>(format!("{number}\n"))),
                )
            })
        })
        .map("/echo", |echo| {
            echo.run_fn(|request: transom::Request| async { request.into_body() })
        })
        .map("/hang-up", |hang_up| {
            hang_up.run_fn(|request: transom::Request| async move {
                if let Some(lifetime) = request.feature::<RequestLifetime>() {
                    lifetime.abort();
                }
            })
        })
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The server lives as long as its client.
    let client = TestServer::new().start(application()).await?;

    let response = client.get("/count").await?;
    assert_eq!(response.into_body().collect(64).await?, "1\n2\n3\n");

    let request = Request::post("/echo").body("over and back")?;
    let mut echo = client.send(request).await?.into_body().into_stream();
    assert_eq!(echo.next().await.ok_or("no echo")??, "over and back");

    assert_eq!(
        client.get("/nowhere").await?.status(),
        StatusCode::NOT_FOUND
    );

    // What a client sees on a broken connection is an error here as well.
    assert!(client.get("/hang-up").await.is_err());

    println!("four tests passed, and no port was opened");
    Ok(())
}
