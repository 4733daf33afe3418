//! `HttpSysServer` keeps the contract, as far as its manifest says; on Windows, where it is.
//!
//! It stands here, and not in the crate, so that what is compiled for Windows on every run is that crate and not the kit, whose
//! clients bring cryptography written in C.

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    use transom_conformance::Target;
    use transom_http_sys::HttpSysServer;

    let manifest = include_str!("../../../adapters/http-sys/manifests/windows.toml");
    let server = || HttpSysServer::new("http://127.0.0.1:0").with_accepts(64);
    transom_conformance::run(Target::new(manifest, server))
}

#[cfg(not(windows))]
fn main() {}
