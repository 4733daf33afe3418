//! All or nothing.

use super::*;

fn unchanged(parts: impl IntoIterator<Item = ForwardedPart>, fields: &[(&str, &str)]) -> bool {
    let layer = layer(parts)
        .with_header_symmetry(true)
        .with_forward_limit(None);
    let seen = seen(LOCAL, layer, fields);
    seen.starts_with("127.0.0.1:9 http localhost -") && !seen.contains("x-original")
}

#[test]
fn another_number_of_entries_changes_nothing() {
    assert!(unchanged(
        [For, Proto],
        &[
            ("x-forwarded-for", "192.0.2.1, 127.0.0.2"),
            ("x-forwarded-proto", "https")
        ]
    ));
    assert!(unchanged([For, Host], &[("x-forwarded-for", "192.0.2.1")]));
}

#[test]
fn a_value_that_cannot_be_used_changes_nothing() {
    let first = ("x-forwarded-for", "192.0.2.1, 127.0.0.2");
    assert!(unchanged(
        [For, Proto],
        &[first, ("x-forwarded-proto", "wss, https")]
    ));
    assert!(unchanged(
        [For, Host],
        &[first, ("x-forwarded-host", "a b, c")]
    ));
    assert!(unchanged(
        [For, Prefix],
        &[first, ("x-forwarded-prefix", "b, /c")]
    ));
}

#[test]
fn an_address_that_cannot_be_read_ends_the_chain_all_the_same() {
    let layer = layer([For, Proto])
        .with_header_symmetry(true)
        .with_forward_limit(None);
    let fields = [
        ("x-forwarded-for", "unknown, 127.0.0.2"),
        ("x-forwarded-proto", "wss, https"),
    ];
    assert!(seen(LOCAL, layer, &fields).starts_with("127.0.0.2:0 https localhost -"));
}

#[test]
fn equal_numbers_are_taken_over() {
    let fields = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
    ];
    let layer = layer([For, Proto]).with_header_symmetry(true);
    assert!(seen(LOCAL, layer, &fields).starts_with("192.0.2.1:0 https"));
}
