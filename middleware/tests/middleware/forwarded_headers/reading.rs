//! Which fields are read, and how much of them.

use super::*;

#[test]
fn a_part_that_is_not_enabled_is_left_alone() {
    let fields = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(
        seen(LOCAL, layer([]), &fields),
        "127.0.0.1:9 http localhost - | x-forwarded-for: 192.0.2.1 | x-forwarded-proto: https"
    );
    assert_eq!(
        seen(LOCAL, layer([Proto]), &fields),
        "127.0.0.1:9 https localhost - | x-forwarded-for: 192.0.2.1 | x-original-proto: http"
    );
}

#[test]
fn all_parts_are_taken_over_and_the_originals_kept() {
    let app = with_feature(ApplicationBuilder::new(), PathBase::new("/old").unwrap());
    let app = coming_from(app, LOCAL).layer(layer(ForwardedPart::ALL));
    let fields = [
        ("x-forwarded-for", "192.0.2.1:81"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-host", "example.com:8443"),
        ("x-forwarded-prefix", "/app/"),
    ];
    assert_eq!(
        through(app, &fields),
        "192.0.2.1:81 https example.com:8443 /app | x-original-for: 127.0.0.1:9 \
         | x-original-host: localhost | x-original-prefix: /old | x-original-proto: http"
    );
}

#[test]
fn nothing_to_read_changes_nothing() {
    let all = layer(ForwardedPart::ALL);
    assert_eq!(seen(LOCAL, all, &[]), "127.0.0.1:9 http localhost -");
}

#[test]
fn an_original_that_was_not_there_is_not_kept() {
    // The server has no address for the peer, and the request no path base.
    let app = ApplicationBuilder::new().layer(layer([For, Prefix]));
    let fields = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-prefix", "/a"),
    ];
    assert_eq!(through(app, &fields), "192.0.2.1:0 http localhost /a");
}

#[test]
fn fields_can_have_other_names() {
    let name = HeaderName::from_static;
    let layer = layer([For])
        .with_header_name(For, name("x-client-ip"))
        .with_original_header_name(For, name("x-proxy-ip"));
    let fields = [
        ("x-client-ip", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.2"),
    ];
    assert_eq!(
        seen(LOCAL, layer, &fields),
        "192.0.2.1:0 http localhost - | x-forwarded-for: 192.0.2.2 | x-proxy-ip: 127.0.0.1:9"
    );
}

#[test]
fn a_second_layer_does_nothing_to_what_the_first_changed() {
    let app = coming_from(ApplicationBuilder::new(), LOCAL)
        .layer(layer([For]))
        .layer(layer([For]).with_any_proxy());
    let fields = [("x-forwarded-for", "192.0.2.1, 192.0.2.2")];
    assert_eq!(
        through(app, &fields),
        "192.0.2.2:0 http localhost - | x-forwarded-for: 192.0.2.1 | x-original-for: 127.0.0.1:9"
    );
}
fn clients(limit: Option<usize>, lines: &[&str]) -> String {
    let layer = layer([For]).with_any_proxy().with_forward_limit(limit);
    let fields: Vec<_> = lines
        .iter()
        .map(|line| ("x-forwarded-for", *line))
        .collect();
    seen(LOCAL, layer, &fields).replace(" http localhost - | ", " ")
}

#[test]
fn the_last_entry_is_read_by_default_and_taken_out() {
    assert_eq!(
        seen(LOCAL, layer([For]), &[("x-forwarded-for", "a, 192.0.2.1")]),
        "192.0.2.1:0 http localhost - | x-forwarded-for: a | x-original-for: 127.0.0.1:9"
    );
}

#[test]
fn the_limit_says_how_many_entries_are_read() {
    let lines = ["192.0.2.1, 192.0.2.2", "192.0.2.3"];
    let original = "x-original-for: 127.0.0.1:9";
    assert_eq!(
        clients(Some(2), &lines),
        format!("192.0.2.2:0 x-forwarded-for: 192.0.2.1 | {original}")
    );
    assert_eq!(
        clients(Some(9), &lines),
        format!("192.0.2.1:0 {original}"),
        "the field goes with its last entry"
    );
    assert_eq!(clients(None, &lines), format!("192.0.2.1:0 {original}"));
    assert!(clients(Some(0), &lines).starts_with("127.0.0.1:9 x-forwarded-for: 192.0.2.1"));
}

#[test]
fn empty_entries_do_not_count_and_quotes_fall_away() {
    let lines = [r#" 192.0.2.1 ,, "[2001:db8::1]:80" , "", "#];
    assert_eq!(
        clients(Some(1), &lines),
        "[2001:db8::1]:80 x-forwarded-for: 192.0.2.1 | x-original-for: 127.0.0.1:9"
    );
}

#[test]
fn shorter_lists_are_read_from_their_ends_too() {
    let layer = layer([For, Proto])
        .with_any_proxy()
        .with_forward_limit(None);
    let fields = [
        ("x-forwarded-for", "192.0.2.1, 192.0.2.2"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(
        seen(LOCAL, layer, &fields),
        "192.0.2.1:0 https localhost - | x-original-for: 127.0.0.1:9 | x-original-proto: http"
    );
}

#[test]
fn a_value_nearer_to_the_client_wins() {
    let layer = layer([Proto, Host]).with_forward_limit(Some(2));
    let fields = [
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-host", "outer, inner"),
    ];
    assert!(seen(LOCAL, layer, &fields).starts_with("127.0.0.1:9 https outer -"));
}
