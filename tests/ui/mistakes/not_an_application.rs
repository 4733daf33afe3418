//! What answers nothing is no application.

struct Hello;

fn main() {
    transom::App::new(Hello);
}
