//! As `conformance_ajp.rs`, over a unix socket, and with a connection for each request.

#[cfg(unix)]
mod support;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use transom_cgi::AjpServer;
    use transom_conformance::Target;

    let manifest = include_str!("../manifests/ajp.toml");
    let folder = std::env::temp_dir().join(format!("transom-ajp-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
        return std::process::ExitCode::FAILURE;
    }
    let sockets = folder.clone();
    let count = AtomicUsize::new(0);
    let gateway = support::ajp::gateway(false);
    let code = transom_conformance::run(Target::new(manifest, move || {
        let socket = sockets.join(count.fetch_add(1, Ordering::Relaxed).to_string());
        let address = format!("http://unix:{}", socket.display());
        let server = AjpServer::new(&address).with_max_packet_size(65_536);
        gateway.clone().before(server)
    }));
    let _ = std::fs::remove_dir_all(&folder);
    code
}

#[cfg(not(unix))]
fn main() {}
