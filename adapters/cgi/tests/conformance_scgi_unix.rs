//! `ScgiServer` keeps the contract over a unix socket.

#[cfg(unix)]
mod support;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use transom_cgi::ScgiServer;
    use transom_conformance::Target;

    // What it can do over TCP, but for what a unix socket has not: a reset.
    let manifest = format!(
        "{}{}",
        include_str!("../manifests/scgi.toml"),
        ["S-RES-ERRMID", "S-ERR-PANIC-BODY", "S-ERR-ABORT-BODY"]
            .map(|case| format!(
                "'{case}@gateway' = 'each end of a unix socket is an orderly one'\n"
            ))
            .concat(),
    );
    let folder = std::env::temp_dir().join(format!("transom-scgi-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
        return std::process::ExitCode::FAILURE;
    }
    let sockets = folder.clone();
    let count = AtomicUsize::new(0);
    let gateway = support::gateway(support::encode::SCGI);
    let code = transom_conformance::run(Target::new(&manifest, move || {
        let socket = sockets.join(count.fetch_add(1, Ordering::Relaxed).to_string());
        let address = format!("http://unix:{}", socket.display());
        gateway.clone().before(ScgiServer::new(&address))
    }));
    let _ = std::fs::remove_dir_all(&folder);
    code
}

#[cfg(not(unix))]
fn main() {}
