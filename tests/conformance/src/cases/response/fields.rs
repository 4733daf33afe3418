//! The fields.

use http::{HeaderName, HeaderValue};
use transom::{App, Request, Response};

use super::{Client, text};
use crate::{Capability, Case, Outcome, Protocol, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-RES-MULTI",
            "Fields of one name stay separate and in order: two cookies are two `Set-Cookie` fields.",
            multi,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-HDR-BYTES",
            "Values keep their bytes, 0x80 to 0xFF as well.",
            |run| is_kept(run, "/bytes", BYTES.to_vec()),
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::ObsText]),
        Case::new(
            "S-RES-HDR-EMPTY",
            "A field with an empty value is sent.",
            |run| is_kept(run, "/empty", Vec::new()),
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-HDR-BIG",
            "A value of 8 KiB is sent whole.",
            |run| is_kept(run, "/big", vec![b'v'; BIG]),
        )
        .with_app(|_| App::new(answer))
        .needs(&[Capability::BigHeader]),
        Case::new(
            "S-RES-HDR-MANY",
            "Sixty fields are sent, each as it is.",
            many,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-DATE",
            "A response has one `Date`; one that the application set is kept.",
            date,
        )
        .on(&[Protocol::Http1, Protocol::Http2, Protocol::Http3])
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-TE",
            "The fields that belong to a connection are the server's alone: those of an application are dropped.",
            connection_fields,
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-TE"]),
    ]
}

const BYTES: &[u8] = b"caf\xe9 \x80\xff \xe2\x82\xac";
const BIG: usize = 8 * 1024;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// What an application has no business with. The values are such that no server makes them up.
const OF_A_CONNECTION: [(&str, &str); 6] = [
    ("connection", "x-made-up"),
    ("keep-alive", "timeout=4242"),
    ("proxy-connection", "x-made-up"),
    ("te", "x-made-up"),
    ("transfer-encoding", "x-made-up"),
    ("upgrade", "x-made-up"),
];

async fn answer(request: Request) -> Response {
    let mut response = text("hello");
    let fields = response.headers_mut();
    let mut add = |name, value: &[u8]| {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            fields.append(HeaderName::from_static(name), value);
        }
    };
    match request.uri().path() {
        "/multi" => {
            add("set-cookie", b"a=1; Path=/");
            add("x-other", b"-");
            add("set-cookie", b"b=2; Expires=Sun, 06 Nov 1994 08:49:37 GMT");
            add("set-cookie", b"a=3");
        }
        "/bytes" => add("x-value", BYTES),
        "/empty" => add("x-value", b""),
        "/big" => add("x-value", &[b'v'; BIG]),
        "/dated" => add("date", DATE.as_bytes()),
        "/connection" => {
            for (name, value) in OF_A_CONNECTION {
                add(name, value.as_bytes());
            }
        }
        "/many" => {
            for at in 0..60_u16 {
                if let Ok(name) = HeaderName::try_from(format!("x-field-{at}")) {
                    fields.insert(name, HeaderValue::from(at));
                }
            }
        }
        _ => {}
    }
    response
}

async fn multi(run: Run) -> Outcome {
    let reply = Client::new(&run).send("GET", "/multi").await?;
    let cookies: Vec<_> = reply.headers().get_all("set-cookie").iter().collect();
    let sent = [
        "a=1; Path=/",
        "b=2; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
        "a=3",
    ];
    same("Set-Cookie", cookies, sent)
}

async fn is_kept(run: Run, target: &'static str, value: Vec<u8>) -> Outcome {
    let mut client = Client::new(&run);
    let reply = client.send("GET", target).await?;
    let values: Vec<_> = reply.headers().get_all("x-value").iter().collect();
    let kept = matches!(values[..], [kept] if kept.as_bytes() == value);
    let lengths: Vec<_> = values.iter().map(|value| value.len()).collect();
    ensure(
        kept,
        format!(
            "x-value is not what was sent: its length is {lengths:?}, and should be {}",
            value.len()
        ),
    )?;
    same("the body", reply.text().await?, "hello")
}

async fn many(run: Run) -> Outcome {
    let reply = Client::new(&run).send("GET", "/many").await?;
    for at in 0..60 {
        let name = format!("x-field-{at}");
        let values: Vec<_> = reply.headers().get_all(&name).iter().collect();
        same(&name, values, [at.to_string().as_str()])?;
    }
    Ok(())
}

async fn date(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let reply = client.send("GET", "/").await?;
    let dates: Vec<_> = reply.headers().get_all("date").iter().collect();
    let one = matches!(dates[..], [date] if date.len() == DATE.len() && date.as_bytes().ends_with(b" GMT"));
    ensure(one, format!("Date is {dates:?}"))?;
    reply.finish().await?;

    let reply = client.send("GET", "/dated").await?;
    let dates: Vec<_> = reply.headers().get_all("date").iter().collect();
    same("the application's Date", dates, [DATE])
}

async fn connection_fields(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    let reply = client.send("GET", "/connection").await?;
    for (name, made_up) in OF_A_CONNECTION {
        let mut values = reply.headers().get_all(name).iter();
        let dropped =
            values.all(|value| !String::from_utf8_lossy(value.as_bytes()).contains(made_up));
        ensure(dropped, format!("`{name}: {made_up}` was sent"))?;
    }
    same("the body", reply.text().await?, "hello")?;
    client.expect_text("/after", "hello").await
}
