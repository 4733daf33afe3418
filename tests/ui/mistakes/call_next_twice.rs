//! Running the rest takes the handle: who wants it twice says `clone`.

fn main() {
    transom::ApplicationBuilder::new()
        .use_fn(|request: transom::Request, next: transom::pipeline::Next| async move {
            next.run(http::Request::new(transom::Body::empty())).await;
            next.run(request).await
        })
        .build();
}
