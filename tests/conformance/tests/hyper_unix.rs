//! The default server keeps the contract over a unix socket.

#[cfg(unix)]
#[path = "support/edge.rs"]
mod edge;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use transom::HyperServer;
    use transom::hyper::Endpoint;
    use transom_conformance::{Target, run};

    /// The folder of the sockets, gone at the end.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    let folder = format!("transom-conformance-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(folder));
    if let Err(error) = std::fs::create_dir_all(&folder.0) {
        eprintln!("{}: {error}", folder.0.display());
        return std::process::ExitCode::FAILURE;
    }
    let path = folder.0.clone();
    let count = AtomicUsize::new(0);
    let address = Arc::new(move || {
        let socket = path.join(count.fetch_add(1, Ordering::Relaxed).to_string());
        format!("http://unix:{}", socket.display())
    });
    let another = Arc::clone(&address);
    // What it can do over TCP, but for what a unix socket has not: a reset.
    let manifest = concat!(
        include_str!("../manifests/hyper.toml"),
        "[fails]\n",
        "'S-RES-ERRMID-10@h1' = 'a unix socket has no reset, so that each end is an orderly one'\n",
        "'S-L-CONN-ADDR' = 'a client of a unix socket has no address to be counted at'\n",
        "'S-T-WRITERATE' = 'a unix socket has no reset'\n",
    );
    let target = Target::new(manifest, move || HyperServer::new(address()));
    let at_the_edge = move |asked: &_| edge::server(asked, Endpoint::new(another()));
    run(target.map(|target| target.with_edge(at_the_edge)))
}

#[cfg(not(unix))]
fn main() {}
