//! S-REQ: the fields, the version, the scheme.

use http::{HeaderValue, Version};
use transom::Body;
use transom::features::Scheme;

use crate::{Capability, Case, Outcome, Protocol, Run, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-REQ-HOST",
            "The authority that the client asked for is the `Host` field, on every protocol.",
            host,
        ),
        Case::wire(
            "S-REQ-HOST-MISSING",
            "A request of HTTP/1.1 without `Host` is refused with 400.",
            |run| host_is_refused(run, &[""]),
        ),
        Case::wire(
            "S-REQ-HOST-DOUBLE",
            "A request with two `Host` fields is refused with 400, although they are the same.",
            |run| host_is_refused(run, &["Host: one.test\r\nHost: one.test\r\n"]),
        ),
        Case::wire(
            "S-REQ-HOST-INVALID",
            "A `Host` that is no host and port is refused with 400.",
            |run| {
                host_is_refused(
                    run,
                    &[
                        "Host: one.test/path\r\n",
                        "Host: user@one.test\r\n",
                        "Host: one.test:http\r\n",
                        "Host: one two\r\n",
                        "Host: [::1\r\n",
                    ],
                )
            },
        ),
        Case::new(
            "S-REQ-PSEUDO",
            "The fields are those that the client sent and `Host`; what a protocol adds is not among them.",
            pseudo,
        )
        .on(&[Protocol::Memory, Protocol::Gateway, Protocol::Http2, Protocol::Http3]),
        Case::new(
            "S-REQ-HDR-MULTI",
            "Fields of one name stay separate and in order.",
            header_multi,
        ),
        Case::new(
            "S-REQ-HDR-COOKIE",
            "`Cookie` fields that HTTP/2 or HTTP/3 split are one again, joined with `; `.",
            header_cookie,
        )
        .on(&[Protocol::Http2, Protocol::Http3]),
        Case::new(
            "S-REQ-HDR-BYTES",
            "Values keep their bytes, 0x80 to 0xFF as well.",
            header_bytes,
        )
        .needs(&[Capability::ObsText]),
        Case::new(
            "S-REQ-HDR-BIG",
            "A value of 8 KiB is handed over whole.",
            header_big,
        )
        .needs(&[Capability::BigHeader]),
        Case::new(
            "S-REQ-HDR-EMPTY",
            "A field with an empty value is kept.",
            header_empty,
        ),
        Case::new(
            "S-REQ-HDR-UNDERSCORE",
            "`a_b` and `a-b` are different fields.",
            header_underscore,
        ),
        Case::wire(
            "S-REQ-HDR-CASE",
            "The name of a field is the same in any case, also where the server itself reads it.",
            header_case,
        ),
        Case::wire(
            "S-REQ-HBH",
            "The fields that `Connection` lists are handed over as they came.",
            hop_by_hop,
        ),
        Case::new(
            "S-REQ-VERSION",
            "The version is the one that the client spoke.",
            version,
        )
        .on(&[Protocol::Gateway, Protocol::Http1, Protocol::Http2, Protocol::Http3]),
        Case::wire(
            "S-REQ-VERSION-10",
            "The version of an HTTP/1.0 request is HTTP/1.0, and it may lack `Host`.",
            version_10,
        )
        .needs(&[Capability::Http10]),
        Case::new(
            "S-REQ-SCHEME",
            "`Scheme` is that of the connection.",
            scheme,
        ),
        Case::new(
            "S-REQ-CL",
            "`Content-Length` is handed over if the client sent it, and never made up.",
            content_length,
        )
        .needs(&[Capability::RequestStreaming]),
    ]
}

async fn host(run: Run) -> Outcome {
    let seen = run
        .observe(run.get("/").header("host", "one.test:8080"))
        .await?;
    same("Host", seen.values("host"), ["one.test:8080"])
}

async fn host_is_refused(run: Run, fields: &'static [&'static str]) -> Outcome {
    for fields in fields {
        let mut wire = run.wire().await?;
        let request = format!("GET / HTTP/1.1\r\n{}{fields}\r\n", run.field());
        wire.send(request).await?;
        let status = wire.read_reply().await?.head.status;
        same(&format!("the status after {fields:?}"), status, 400)?;
    }
    let called = run.notes().seen().len();
    same("how often the application was called", called, 0)
}

async fn pseudo(run: Run) -> Outcome {
    let seen = run.observe(run.get("/").header("x-one", "1")).await?;
    let mut names: Vec<_> = seen.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    same("the fields", names, ["host", "x-conformance-case", "x-one"])
}

async fn header_multi(run: Run) -> Outcome {
    let request = run
        .get("/")
        .header("x-multi", "1")
        .header("x-other", "-")
        .header("x-multi", "2, 3")
        .header("x-multi", "1");
    let seen = run.observe(request).await?;
    same("x-multi", seen.values("x-multi"), ["1", "2, 3", "1"])
}

async fn header_cookie(run: Run) -> Outcome {
    let request = run
        .get("/")
        .header("cookie", "a=1")
        .header("cookie", "b=2; c=3");
    let seen = run.observe(request).await?;
    same("Cookie", seen.values("cookie"), ["a=1; b=2; c=3"])
}

async fn header_bytes(run: Run) -> Outcome {
    let sent = b"caf\xe9 \x80\xff \xe2\x82\xac";
    let request = run
        .get("/")
        .header("x-bytes", HeaderValue::from_bytes(sent)?);
    let seen = run.observe(request).await?;
    same(
        "x-bytes",
        seen.values("x-bytes"),
        [sent.escape_ascii().to_string()],
    )
}

async fn header_big(run: Run) -> Outcome {
    let sent: String = ('a'..='z').cycle().take(8 * 1024).collect();
    let seen = run.observe(run.get("/").header("x-big", &sent)).await?;
    let whole = seen.values("x-big") == [sent];
    same("whether the value is whole", whole, true)
}

async fn header_empty(run: Run) -> Outcome {
    let seen = run.observe(run.get("/").header("x-empty", "")).await?;
    same("x-empty", seen.values("x-empty"), [""])
}

async fn header_underscore(run: Run) -> Outcome {
    let request = run.get("/").header("x_a_b", "1").header("x-a-b", "2");
    let seen = run.observe(request).await?;
    same("x_a_b", seen.values("x_a_b"), ["1"])?;
    same("x-a-b", seen.values("x-a-b"), ["2"])
}

async fn header_case(run: Run) -> Outcome {
    let spellings: [fn(&str) -> String; 3] = [
        str::to_ascii_lowercase,
        str::to_ascii_uppercase,
        // The first letter alone is small.
        |name| name[..1].to_ascii_lowercase() + &name[1..].to_ascii_uppercase(),
    ];
    for spelt in spellings {
        let head = run.head("POST", "/") + "Content-Length: 5\r\nX-One: 1\r\n";
        let lines = head.lines().map(|line| match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}\r\n", spelt(name)),
            None => format!("{line}\r\n"),
        });
        let request: String = lines.collect();
        let seen = run.observe_bytes(request + "\r\nhello").await?;
        same("the body", &seen.body[..], b"hello")?;
        same("X-One", seen.values("x-one"), ["1"])?;
    }
    Ok(())
}

async fn hop_by_hop(run: Run) -> Outcome {
    let head = run.head("GET", "/");
    let fields = "Connection: x-hop, keep-alive\r\nX-Hop: 1\r\n";
    let seen = run.observe_bytes(format!("{head}{fields}\r\n")).await?;
    same(
        "Connection",
        seen.values("connection"),
        ["x-hop, keep-alive"],
    )?;
    same("X-Hop", seen.values("x-hop"), ["1"])
}

async fn version(run: Run) -> Outcome {
    let spoken = match run.protocol()? {
        Protocol::Http2 => Version::HTTP_2,
        Protocol::Http3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    };
    let seen = run.observe(run.get("/")).await?;
    same("the version", seen.version, spoken)
}

async fn version_10(run: Run) -> Outcome {
    let seen = run
        .observe_bytes(format!("GET / HTTP/1.0\r\n{}\r\n", run.field()))
        .await?;
    same("the version", seen.version, Version::HTTP_10)?;
    same("Host", seen.values("host"), [""; 0])
}

async fn scheme(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let request = run.get("/");
    let seen = run
        .observe_on(&mut connection, request, Body::empty())
        .await?;
    let expected = match connection.tls() {
        Some(_) => Scheme::Https,
        None => Scheme::Http,
    };
    same("the scheme", *seen.features.require::<Scheme>()?, expected)
}

async fn content_length(run: Run) -> Outcome {
    let request = run.post("/").header("content-length", "5");
    let seen = run.observe_with(request, Body::from("hello")).await?;
    same("Content-Length", seen.values("content-length"), ["5"])?;

    let chunks = ["he", "llo"].map(Ok::<_, std::io::Error>);
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let seen = run.observe_with(run.post("/"), body).await?;
    same("the body", &seen.body[..], b"hello")?;
    same("Content-Length", seen.values("content-length"), [""; 0])
}
