//! A number ends nothing.

fn main() {
    transom::ApplicationBuilder::new().run(5);
}
