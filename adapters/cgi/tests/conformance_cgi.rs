//! `CgiServer` keeps the contract, as far as `manifests/cgi.toml` says.

#[cfg(unix)]
mod support;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use transom_conformance::Target;

    let manifest = include_str!("../manifests/cgi.toml");
    let gateway = support::starting_gateway();
    transom_conformance::run(Target::new(manifest, move || {
        gateway.clone().before(support::programs::Programs)
    }))
}

#[cfg(not(unix))]
fn main() {}
