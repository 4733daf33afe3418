//! The example does what it says.

use std::process::Command;

#[test]
fn an_old_route_and_a_new_one_are_answered_beside_each_other() {
    // The tests of a crate are built into a folder beside that of its examples.
    let this = std::env::current_exe().expect("a test has a path");
    let folder = this.ancestors().nth(2).expect("it is in `deps`");
    let example = Command::new(folder.join("examples/mount_in_actix_web"))
        .output()
        .expect("`cargo test` without `--test` builds the examples");
    let said = String::from_utf8_lossy(&example.stdout);
    let failed = String::from_utf8_lossy(&example.stderr);
    assert!(example.status.success(), "{said}{failed}");
    assert_eq!(
        said,
        "/old: the old one\n/new/hello/you: hello you, from the new one\n"
    );
}
