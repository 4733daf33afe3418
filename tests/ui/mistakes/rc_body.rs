//! A body may move to another thread.

use std::rc::Rc;
use transom::Body;

fn main() {
    let shared = Rc::new("chunk");
    let chunks = futures_util::stream::once(async move { Ok::<_, std::io::Error>(*shared) });
    Body::from_stream(chunks);
}
