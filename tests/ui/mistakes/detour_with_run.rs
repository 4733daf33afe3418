//! A detour rejoins; with an end it could not.

fn main() {
    transom::ApplicationBuilder::new()
        .use_when(|_| true, |detour| detour.run_fn(|_| async {}))
        .build();
}
