//! What is no feature cannot be asked for either.

use transom::RequestExt;

fn main() {
    let request = http::Request::new(());
    let _ = request.feature::<String>();
}
