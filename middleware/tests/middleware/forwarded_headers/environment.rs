//! What the environment asks for.

use std::process::Command;

use super::*;

/// A process cannot change its own environment safely, so the test runs itself again in another one.
fn asked_for(value: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let own_name = "forwarded_headers::environment::the_variable_turns_it_on";
    command
        .args(["--exact", own_name, "--nocapture"])
        .env_remove(ForwardedHeadersLayer::VARIABLE)
        .env("TELL", "yes");
    if let Some(value) = value {
        command.env(ForwardedHeadersLayer::VARIABLE, value);
    }
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn tell() {
    match ForwardedHeadersLayer::from_env() {
        Ok(Some(layer)) => {
            let fields = [
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "h"),
            ];
            println!("layer: {}", seen(STRANGER, layer, &fields));
        }
        Ok(None) => println!("no layer"),
        Err(error) => println!("error: {error}"),
    }
}

#[test]
fn the_variable_turns_it_on() {
    if std::env::var_os("TELL").is_some() {
        return tell();
    }
    for on in ["true", "True", "1"] {
        let said = asked_for(Some(on));
        let expected = "layer: 192.0.2.1:0 https localhost - | x-forwarded-host: h";
        assert!(said.contains(expected), "{said}");
    }
    for off in [None, Some("false"), Some("0"), Some("")] {
        assert!(asked_for(off).contains("no layer"), "{off:?}");
    }
    let said = asked_for(Some("yes"));
    let expected = "error: TRANSOM_FORWARDEDHEADERS_ENABLED is `yes`; it may be `true` or `false`";
    assert!(said.contains(expected), "{said}");
}
