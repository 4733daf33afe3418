//! RFC 7239's field.

use super::*;

fn forwarded(layer: ForwardedHeadersLayer, lines: &[&str]) -> String {
    let fields: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
    seen(LOCAL, layer, &fields)
}

fn parts() -> ForwardedHeadersLayer {
    ForwardedHeadersLayer::rfc7239([For, Proto, Host])
}

#[test]
fn one_element_gives_every_part() {
    assert_eq!(
        forwarded(
            parts(),
            &[r#"for="[2001:db8::1]:81";proto=https;host="a.b:82";by=_x"#]
        ),
        "[2001:db8::1]:81 https a.b:82 - | x-original-for: 127.0.0.1:9 \
         | x-original-host: localhost | x-original-proto: http"
    );
}

#[test]
fn the_two_kinds_of_fields_are_not_mixed() {
    let fields = [
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.2"),
    ];
    assert!(seen(LOCAL, parts(), &fields).starts_with("192.0.2.2:0"));
    assert!(seen(LOCAL, layer([For]), &fields).starts_with("192.0.2.1:0"));
}

#[test]
fn the_prefix_comes_from_a_field_of_its_own() {
    let fields = [
        ("forwarded", "for=192.0.2.2"),
        ("x-forwarded-prefix", "/app"),
    ];
    let layer = ForwardedHeadersLayer::rfc7239(ForwardedPart::ALL);
    assert!(seen(LOCAL, layer, &fields).starts_with("192.0.2.2:0 http localhost /app"));
}

#[test]
fn elements_are_followed_from_the_right_and_those_not_believed_are_kept() {
    let layer = || parts().with_forward_limit(None);
    assert_eq!(
        forwarded(
            layer(),
            &[
                "for=198.51.100.1;proto=https",
                r#"For="192.0.2.1", for=127.0.0.2"#
            ]
        ),
        "192.0.2.1:0 http localhost - | forwarded: for=198.51.100.1;proto=https \
         | x-original-for: 127.0.0.1:9"
    );
    for hidden in ["unknown", "_hidden", "\"_a,b\""] {
        let line = format!("for=192.0.2.9, for={hidden}, for=127.0.0.2");
        let seen = forwarded(layer(), &[&line]);
        assert!(seen.starts_with("127.0.0.2:0 "), "{seen}");
        assert!(
            seen.contains(&format!("forwarded: for=192.0.2.9, for={hidden} |")),
            "{seen}"
        );
    }
}

#[test]
fn a_malformed_element_ends_the_chain_whatever_is_read() {
    for malformed in ["for", "for=a;for=b", "=", r#"for="x"#, "é"] {
        let lines = [malformed, "for=127.0.0.2;proto=http;host=good"];
        let layer = ForwardedHeadersLayer::rfc7239([Host]).with_forward_limit(None);
        let seen = forwarded(layer, &["host=evil", lines[0], lines[1]]);
        assert!(
            seen.starts_with("127.0.0.1:9 http good - | forwarded: host=evil, "),
            "{seen}"
        );
    }
}

#[test]
fn a_client_cannot_swallow_what_the_proxy_adds_in_a_line_of_its_own() {
    let seen = forwarded(parts(), &[r#"for="192.0.2.66"#, "for=192.0.2.1"]);
    assert!(seen.starts_with("192.0.2.1:0 "), "{seen}");
    let seen = forwarded(parts(), &[r#"for="192.0.2.66, for=192.0.2.1"#]);
    assert!(
        seen.starts_with("127.0.0.1:9 "),
        "in the same line nothing is believed: {seen}"
    );
}

#[test]
fn symmetry_holds_within_the_elements() {
    let layer = || parts().with_header_symmetry(true);
    let partial = forwarded(layer(), &["for=192.0.2.1;proto=https"]);
    assert!(partial.starts_with("127.0.0.1:9 http"), "{partial}");
    let whole = forwarded(layer(), &["for=192.0.2.1;proto=https;host=h"]);
    assert!(whole.starts_with("192.0.2.1:0 https h"), "{whole}");
}
