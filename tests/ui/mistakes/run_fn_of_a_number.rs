//! A number is no response.

fn main() {
    transom::ApplicationBuilder::new().run_fn(|_| async { 3 });
}
