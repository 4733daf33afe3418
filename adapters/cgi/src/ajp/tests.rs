use bytes::{BufMut, BytesMut};
use http::header;

use super::forward::Forward;
use super::framing::{BodyPackets, Framing};
use super::invariants::{Outcome, hold, show};
use super::message::Message;
use super::options::AjpOptions;
use super::secret::Secret;
use super::{answer, packet};
use crate::environment::Rules;

/// A request that is made of its parts.
struct Parts {
    method: u8,
    fields: Vec<(Vec<u8>, &'static str)>,
    /// The bytes of the attributes, but for the end of them.
    attributes: Vec<u8>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            method: 2,
            fields: vec![(vec![0xA0, 0x0B], "a.test")],
            attributes: Vec::new(),
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    packet::put_text(&mut bytes, text.as_bytes());
    bytes.to_vec()
}

fn attribute(number: u8, values: &[&str]) -> Vec<u8> {
    let values = values.iter().flat_map(|value| text(value));
    [number].into_iter().chain(values).collect()
}

fn of_web_server(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[0x12, 0x34], &length[..], content].concat()
}

impl Parts {
    fn field(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((text(name), value));
        self
    }

    fn attribute(mut self, number: u8, values: &[&str]) -> Self {
        self.attributes.extend(attribute(number, values));
        self
    }

    fn content(&self) -> Vec<u8> {
        let mut content = vec![2, self.method];
        for part in ["HTTP/1.1", "/a%2Fb", "192.0.2.7", "client.test", "b.test"] {
            content.extend(text(part));
        }
        content.extend([0, 81, 0]);
        content.put_u16(u16::try_from(self.fields.len()).unwrap());
        for (name, value) in &self.fields {
            content.extend(name);
            content.extend(text(value));
        }
        content.extend(&self.attributes);
        content.push(0xFF);
        content
    }

    fn packet(&self) -> Vec<u8> {
        of_web_server(&self.content())
    }

    fn read(&self, options: &AjpOptions) -> Result<Forward, String> {
        let mut read = BytesMut::from(&self.packet()[..]);
        hold(&read);
        match Message::take(&mut read, &Rules::default(), options) {
            Ok(Some(Message::Forward(forward))) => {
                assert!(read.is_empty());
                Ok(*forward)
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn forward(&self) -> Forward {
        self.read(&AjpOptions::default()).unwrap()
    }

    fn refused(&self) -> String {
        self.read(&AjpOptions::default()).unwrap_err()
    }
}

fn of(bytes: &[u8]) -> Outcome {
    hold(bytes);
    show(&Rules::default(), &AjpOptions::default(), [bytes])
}

#[test]
fn a_request_is_its_head_its_fields_and_its_attributes() {
    let forward = Parts::default()
        .field("X-One", "1")
        .field("x_one", "2")
        .attribute(5, &["q=1"])
        .forward();
    let request = forward.arrival.request();
    assert_eq!(*request.method(), "GET");
    assert_eq!(request.uri(), "/a%2Fb?q=1");
    assert_eq!(request.headers()[header::HOST], "a.test");
    assert_eq!(request.headers()["x-one"], "1");
    assert_eq!(request.headers()["x_one"], "2");
    assert_eq!((forward.framing, forward.keeps), (Framing::Empty, true));
}

#[test]
fn a_method_without_a_number_is_an_attribute() {
    let stored = Parts {
        method: 0xFF,
        ..Parts::default()
    };
    assert_eq!(stored.refused(), "there is no method");
    let forward = stored.attribute(13, &["BREW"]).forward();
    assert_eq!(*forward.arrival.request().method(), "BREW");
    for number in [0, 28, 254] {
        let unknown = Parts {
            method: number,
            ..Parts::default()
        };
        assert_eq!(unknown.refused(), "there is no method");
    }
}

#[test]
fn an_attribute_that_is_not_known_decides_of_nothing() {
    let forward = Parts::default()
        .attribute(10, &["REQUEST_URI", "/evil"])
        .attribute(10, &["HTTPS", "on"])
        .attribute(10, &["REMOTE_ADDR", "203.0.113.9"])
        .attribute(10, &["javax.servlet.include.path_info", "/WEB-INF/web.xml"])
        .forward();
    let told = format!("{:?}", forward.arrival);
    assert_eq!(forward.arrival.request().uri(), "/a%2Fb");
    for named in [
        "AJP_REQUEST_URI",
        "AJP_HTTPS",
        "AJP_REMOTE_ADDR",
        "AJP_javax",
    ] {
        assert!(told.contains(named), "{named}: {told}");
    }
    assert!(told.contains("scheme: Http,"), "{told}");
    assert!(!told.contains("203.0.113.9"), "{told}");
}

#[test]
fn what_decides_of_a_request_is_told_once() {
    let twice = |number: u8, what: &str| {
        let parts = Parts::default()
            .attribute(number, &["a"])
            .attribute(number, &["a"]);
        assert_eq!(
            parts.refused(),
            format!("there are two attributes `{what}`")
        );
    };
    twice(5, "query");
    twice(12, "secret");
    twice(13, "method");
}

#[test]
fn a_secret_lets_in_who_knows_it() {
    let closed = AjpOptions {
        secret: Some(Secret::new("open sesame")),
        ..AjpOptions::default()
    };
    let none = Parts::default().read(&closed).unwrap_err();
    assert!(none.starts_with("there is no secret"), "{none}");
    for wrong in ["", "open sesamE", "open sesame "] {
        let wrong = Parts::default().attribute(12, &[wrong]).read(&closed);
        assert_eq!(wrong.unwrap_err(), "the secret is another one");
    }
    let known = Parts::default().attribute(12, &["open sesame"]);
    let told = format!("{:?}", known.read(&closed).unwrap().arrival);
    assert!(!told.contains("sesame"), "{told}");
    // Who has none to compare it with takes any.
    assert!(known.read(&AjpOptions::default()).is_ok());
}

#[test]
fn where_a_body_ends_is_said_once_and_in_one_way() {
    let framing = |fields: &[(&'static str, &'static str)]| {
        let parts = fields
            .iter()
            .fold(Parts::default(), |parts, (name, value)| {
                parts.field(name, value)
            });
        parts
            .read(&AjpOptions::default())
            .map(|forward| forward.framing)
    };
    assert_eq!(framing(&[("content-length", "5")]), Ok(Framing::Length(5)));
    assert_eq!(framing(&[("content-length", "0")]), Ok(Framing::Empty));
    assert_eq!(
        framing(&[("Transfer-Encoding", "Chunked")]),
        Ok(Framing::Chunked)
    );
    for (fields, why) in [
        (
            &[("transfer-encoding", "chunked"), ("content-length", "5")][..],
            "the request has both",
        ),
        (
            &[("content-length", "5"), ("content-length", "5")],
            "the request has more than one `Content-Length`",
        ),
        (
            &[("content-length", "+5")],
            "the `Content-Length` is not a length",
        ),
        (
            &[("content-length", "")],
            "the `Content-Length` is not a length",
        ),
        (
            &[("content-length", "99999999999999999999")],
            "the `Content-Length` is not a length",
        ),
        (
            &[("transfer-encoding", "gzip, chunked")],
            "the `Transfer-Encoding` is",
        ),
        (
            &[("transfer-encoding", "chunked, chunked")],
            "the `Transfer-Encoding` is",
        ),
        (
            &[
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            "the `Transfer-Encoding` is",
        ),
        (&[("transfer-encoding", "\u{b}chunked")], "the value of"),
    ] {
        let error = framing(fields).unwrap_err();
        assert!(error.starts_with(why), "{fields:?}: {error}");
    }
}

#[test]
fn a_method_that_has_a_body_and_says_nothing_of_it_is_the_last_of_its_connection() {
    let post = |fields: &[(&'static str, &'static str)]| {
        let post = Parts {
            method: 4,
            ..Parts::default()
        };
        let parts = fields
            .iter()
            .fold(post, |parts, (name, value)| parts.field(name, value));
        parts.forward().keeps
    };
    assert!(!post(&[]));
    assert!(post(&[("content-length", "0")]));
    assert!(post(&[("content-length", "1")]));
    assert!(post(&[("transfer-encoding", "chunked")]));
    assert!(Parts::default().forward().keeps);
}

#[test]
fn what_goes_beyond_its_packet_is_refused_wherever_it_is() {
    let content = Parts::default()
        .field("x-one", "1")
        .attribute(3, &["ada"])
        .attribute(10, &["name", "value"])
        .content();
    for end in 1..content.len() {
        let outcome = of(&of_web_server(&content[..end]));
        let why = outcome.refusal.unwrap();
        assert!(why.contains("beyond the end"), "{end}: {why}");
        assert!(outcome.said.is_empty());
    }
}

#[test]
fn what_is_wrong_is_named() {
    let mut no_nul = Parts::default().content();
    // Behind the protocol.
    no_nul[2 + 2 + 8] = b'x';
    let mut many = Parts::default();
    for _ in 0..257 {
        many = many.field("a", "");
    }
    let unknown_field = Parts {
        fields: vec![(vec![0xA0, 0x0F], "a.test")],
        ..Parts::default()
    };
    let mut absent = vec![2, 2];
    absent.extend([0xFF, 0xFF]);
    for (bytes, why) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), "this is not AJP"),
        (b"\x12\x35".to_vec(), "this is not AJP"),
        (b"AB\0\x01\x09".to_vec(), "this is not AJP"),
        (
            b"\x12\x34\xFF\xFF".to_vec(),
            "a packet has 65539 bytes, and may have 8192",
        ),
        (b"\x12\x34\x1F\xFD".to_vec(), "a packet has 8193 bytes"),
        (of_web_server(b""), "something goes beyond"),
        (of_web_server(&[0]), "a packet of the kind 0 is"),
        (of_web_server(&[9]), "a packet of the kind 9 is"),
        (of_web_server(&no_nul), "a text has no NUL behind it"),
        (of_web_server(&absent), "there is no protocol"),
        (many.packet(), "there are more than 256 variables"),
        (unknown_field.packet(), "there is no field 0xA00F in AJP"),
        (
            Parts::default().field("a b", "1").packet(),
            "`a b` is not the name of a field",
        ),
        (
            Parts::default().field("", "1").packet(),
            "`` is not the name of a field",
        ),
        (
            Parts::default().field("a", "1\r\nb: 2").packet(),
            "the value of `a` cannot",
        ),
        (
            Parts::default().field("host", "b.test").packet(),
            "the request has more than one `Host`",
        ),
        (
            Parts::default().attribute(14, &["x"]).packet(),
            "there is no attribute 14 in AJP",
        ),
        (
            Parts::default().attribute(0, &["x"]).packet(),
            "there is no attribute 0 in AJP",
        ),
        (
            Parts::default().attribute(5, &["a b"]).packet(),
            "`REQUEST_URI` is not a target",
        ),
    ] {
        let outcome = of(&bytes);
        let refusal = outcome
            .refusal
            .unwrap_or_else(|| panic!("{why}: {:?}", outcome.said));
        assert!(refusal.starts_with(why), "{why}: {refusal}");
    }
}

#[test]
fn a_packet_may_be_as_long_as_both_sides_were_told() {
    let exact = |length: usize| of_web_server(&[&[10][..], &vec![0; length - 5]].concat());
    assert_eq!(of(&exact(8192)).said, ["Ping"]);
    assert!(of(&exact(8193)).refusal.is_some());
    let longer = AjpOptions {
        max_packet: 65_536,
        ..AjpOptions::default()
    };
    let outcome = show(&Rules::default(), &longer, [&exact(65_536)[..]]);
    assert_eq!(outcome.said, ["Ping"]);
}

#[test]
fn a_body_comes_in_packets_that_were_asked_for() {
    let mut packets = BodyPackets::new(Framing::Length(5));
    assert!(packets.is_due(), "the first one is not asked for");
    assert_eq!(packets.accept(b"\0\x03abc"[..].into()).unwrap(), "abc");
    assert!(
        packets.accept(b"\0\x02de"[..].into()).is_err(),
        "not asked for"
    );
    assert_eq!(packets.ask(8186), 2, "no more than is left");
    assert_eq!(packets.accept(b"\0\x02de"[..].into()).unwrap(), "de");
    assert!(packets.has_ended());

    let mut chunked = BodyPackets::new(Framing::Chunked);
    assert!(!chunked.is_due());
    for (packet, data, ended) in [
        (&b"\0\x01a"[..], "a", false),
        (b"\0\0", "", true),
        (b"", "", true),
    ] {
        assert_eq!(chunked.ask(8186), 8186);
        assert_eq!(chunked.accept(packet.into()).unwrap(), data);
        assert_eq!(chunked.has_ended(), ended);
    }
    for wrong in [&b"\0"[..], b"\0\x02a", b"\0\x01ab", b"\xFF\xFFa"] {
        chunked.ask(8186);
        assert!(chunked.accept(wrong.into()).is_err());
    }
    let mut long = BodyPackets::new(Framing::Length(1));
    assert!(long.accept(b"\0\x02ab"[..].into()).is_err());
}

#[test]
fn packets_of_an_answer_are_as_long_as_they_say() {
    let mut packets = BytesMut::new();
    answer::pong(&mut packets);
    answer::get_piece(8186, &mut packets);
    answer::end(true, &mut packets);
    answer::end(false, &mut packets);
    answer::piece(b"ab", 8192, &mut packets);
    let wanted =
        b"AB\0\x01\x09AB\0\x03\x06\x1F\xFAAB\0\x02\x05\x01AB\0\x02\x05\0AB\0\x06\x03\0\x02ab\0";
    assert_eq!(packets[..], wanted[..]);

    for max in [8192, 65_536] {
        let mut longest = BytesMut::new();
        answer::piece(&vec![b'x'; answer::longest_piece(max)], max, &mut longest);
        assert_eq!(longest.len(), max);
    }
}

#[test]
fn a_head_that_is_longer_than_a_packet_is_not_written() {
    let (mut head, ()) = http::Response::new(()).into_parts();
    head.headers
        .insert(header::CONTENT_TYPE, "a/b".parse().unwrap());
    head.headers.insert("x-own", "1".parse().unwrap());
    let mut packets = BytesMut::new();
    assert!(answer::head(&head, 8192, &mut packets));
    let wanted = b"AB\0\x1E\x04\0\xC8\0\x02OK\0\0\x02\xA0\x01\0\x03a/b\0\0\x05x-own\0\0\x011\0";
    assert_eq!(
        packets.escape_ascii().to_string(),
        wanted.escape_ascii().to_string()
    );
    for length in [8192, 70_000] {
        let long = "x".repeat(length).parse().unwrap();
        head.headers.insert("x-own", long);
        let before = packets.clone();
        assert!(!answer::head(&head, 8192, &mut packets));
        assert_eq!(packets, before);
    }
}

#[test]
fn whatever_comes_is_read_alike_in_any_pieces() {
    let body = of_web_server(b"\0\x03abc");
    let request = Parts::default()
        .field("content-length", "5")
        .attribute(5, &["q"])
        .attribute(10, &["AJP_REMOTE_PORT", "4000"]);
    let chunked = Parts::default().field("transfer-encoding", "chunked");
    let end = of_web_server(b"\0\0");
    let ping = of_web_server(&[10]);
    let bytes = [
        request.packet(),
        body.clone(),
        of_web_server(b"\0\x02de"),
        ping,
        chunked.packet(),
        body,
        end,
        of_web_server(&[7]),
        Parts::default().packet(),
    ]
    .concat();
    assert_eq!(of(&bytes).said.len(), 9);
    // The same in each run.
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..2_000 {
        let mut bytes = bytes.clone();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = u8::try_from(next(256)).unwrap(),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, [0x12, 0x34, 0, 1, 2, 10, 0xA0, 0xFF][next(8)]),
            }
        }
        hold(&bytes);
    }
}
