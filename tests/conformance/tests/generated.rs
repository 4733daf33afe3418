//! What is generated is current.

use std::process::Command;

#[test]
fn the_specification_and_the_table_of_servers_are_current() {
    let check = Command::new(env!("CARGO_BIN_EXE_generate"))
        .arg("--check")
        .output()
        .expect("the binary runs");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}
