//! Features are opt-in, so that nothing is found by accident.

fn main() {
    transom::Features::new().insert(String::new());
}
