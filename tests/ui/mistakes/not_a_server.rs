//! An address is not a server.

fn serve(server: impl transom::Server) {
    drop(server.boxed());
}

fn main() {
    serve("127.0.0.1:80");
}
