//! A number is no response in the middle either.

fn main() {
    transom::ApplicationBuilder::new()
        .use_fn(|_, _| async { 3 })
        .build();
}
