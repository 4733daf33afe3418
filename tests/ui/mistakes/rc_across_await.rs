//! A request may move to another thread at every `.await`.

use std::rc::Rc;

fn main() {
    transom::ApplicationBuilder::new()
        .use_fn(|request, next| async move {
            let shared = Rc::new(1);
            let response = next.run(request).await;
            drop(shared);
            response
        })
        .build();
}
