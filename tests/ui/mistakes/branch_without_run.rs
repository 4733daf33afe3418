//! A branch ends; without an end it would be a silent 404.

fn main() {
    transom::ApplicationBuilder::new()
        .map("/health", |health| health.use_fn(|request, next| next.run(request)))
        .build();
}
