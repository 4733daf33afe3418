//! `HttpSysServer` keeps the contract, as far as its manifest says; on Windows, where it is.
//!
//! Under Wine as it is packaged there is less, and another manifest: `TRANSOM_HTTP_SYS_WINE=packaged` says that. This test stands
//! here, and not in the crate, so that the crate is compiled for Windows without the cryptography of the kit's clients, which is
//! written in C.

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    use transom_conformance::Target;
    use transom_http_sys::HttpSysServer;

    let manifest = match std::env::var("TRANSOM_HTTP_SYS_WINE").as_deref() {
        Ok("packaged") => include_str!("../../../adapters/http-sys/manifests/wine.toml"),
        _ => include_str!("../../../adapters/http-sys/manifests/windows.toml"),
    };
    let server = || HttpSysServer::new("http://127.0.0.1:0").with_accepts(64);
    transom_conformance::run(Target::new(manifest, server))
}

#[cfg(not(windows))]
fn main() {}
