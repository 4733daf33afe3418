//! `run` takes a function that returns a response; one that returns something else goes into `run_fn`.

use transom::{ApplicationBuilder, Request};

async fn hello(_: Request) -> &'static str {
    "hello"
}

fn main() {
    ApplicationBuilder::new().run(hello);
}
