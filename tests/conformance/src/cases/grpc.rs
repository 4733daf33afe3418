//! S-GRPC: gRPC as tonic has it, on any server whose protocol carries trailers.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut};
use futures_util::{Stream, StreamExt, stream};
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tonic::body::Body as GrpcBody;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Status, Streaming};
use tower::service_fn;
use tower_service::Service;
use transom::{App, ApplicationBuilder, Body};

use crate::run::CASE;
use crate::{
    Capability, Case, Connection, Failure, Notes, Outcome, Protocol, Run, ensure, same, within,
};

pub(super) fn cases() -> Vec<Case> {
    let cases = vec![
        Case::new(
            "S-GRPC",
            "tonic answers a call, and tells its end, a good one or a failure, in the trailers.",
            calls,
        ),
        Case::new(
            "S-GRPC-STREAM",
            "tonic answers each message of a call of both directions before the client sends the next.",
            conversation,
        )
        .needs(&[
            Capability::RequestStreaming,
            Capability::ResponseStreaming,
            Capability::FullDuplex,
        ]),
    ];
    let everywhere = |case: Case| {
        // gRPC is there over HTTP/2 and what came after it.
        case.on(&[Protocol::Memory, Protocol::Http2, Protocol::Http3])
            .with_app(app)
            .needs_on(Protocol::Http2, Capability::ResponseTrailersH2)
    };
    cases.into_iter().map(everywhere).collect()
}

const SHOUT: &str = "/conformance.Shouter/Shout";
const SPELL: &str = "/conformance.Shouter/Spell";
const CONVERSE: &str = "/conformance.Shouter/Converse";

fn app(_: Notes) -> App {
    ApplicationBuilder::new().run(Routes::new(Shouter))
}

async fn calls(run: Run) -> Outcome {
    let mut client = client(&run).await?;
    let answer = client.unary(request("hello"), path(SHOUT), Text);
    let answer = within("the answer", answer).await??;
    same("the answer", answer.into_inner(), "HELLO")?;

    let refused = client.unary(request(""), path(SHOUT), Text);
    let status = within("the refusal", refused).await?.err();
    let status = status.ok_or_else(|| Failure::new("the call that has to fail succeeds"))?;
    same("the code", status.code(), Code::InvalidArgument)?;
    same(
        "the message",
        status.message(),
        "say something: 100 % \u{fc}",
    )?;

    let spelled = client.server_streaming(request("ab"), path(SPELL), Text);
    let mut spelled = within("the head", spelled).await??.into_inner();
    for letter in ["A", "B"] {
        let message = within("a message", spelled.message()).await??;
        same("the message", message.as_deref(), Some(letter))?;
    }
    let Err(status) = within("the end", spelled.message()).await? else {
        return Err(Failure::new("the status behind the messages is lost"));
    };
    same("the code", status.code(), Code::DataLoss)?;
    let metadata = status.metadata().get("x-letters");
    ensure(
        metadata.is_some_and(|value| value == "2"),
        format!("the metadata of the end is {:?}", status.metadata()),
    )
}

async fn conversation(run: Run) -> Outcome {
    let mut client = client(&run).await?;
    let (sender, receiver) = mpsc::channel::<String>(1);
    let messages = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|message| (message, receiver))
    });
    sender.send("one".to_owned()).await?;
    let answers = client.streaming(tonic::Request::new(messages), path(CONVERSE), Text);
    let mut answers = within("the head", answers).await??.into_inner();
    for (answer, next) in [
        ("ONE", Some("two")),
        ("TWO", Some("three")),
        ("THREE", None),
    ] {
        let message = within("an answer", answers.message()).await??;
        same("the answer", message.as_deref(), Some(answer))?;
        if let Some(next) = next {
            sender.send(next.to_owned()).await?;
        }
    }
    drop(sender);
    let end = within("the end", answers.message()).await??;
    same("what follows the last answer", end, None)?;
    let trailers = within("the trailers", answers.trailers()).await??;
    ensure(trailers.is_some(), "there are no trailers")
}

fn path(path: &'static str) -> PathAndQuery {
    PathAndQuery::from_static(path)
}

fn request(message: &str) -> tonic::Request<String> {
    tonic::Request::new(message.to_owned())
}

async fn client(run: &Run) -> Outcome<Grpc<Channel>> {
    let connection = run.connect().await?;
    let run = run.clone();
    Ok(Grpc::new(Channel { connection, run }))
}

/// What stands below tonic's client: one connection, and the field that chooses the case.
struct Channel {
    connection: Connection,
    run: Run,
}

type Answering<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl Service<http::Request<GrpcBody>> for Channel {
    type Response = http::Response<Body>;
    type Error = io::Error;
    type Future = Answering<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<GrpcBody>) -> Self::Future {
        let connection = self.connection.share();
        let (mut head, body) = request.into_parts();
        let case = self.run.line.parse();
        Box::pin(async move {
            head.headers.insert(CASE, case.map_err(io::Error::other)?);
            let request = http::Request::from_parts(head, Body::new(body));
            let reply = match connection {
                Ok(mut connection) => connection.send(request).await,
                Err(failure) => Err(failure),
            };
            // A failure is no error, since any error becomes one.
            let reply = reply.map_err(|failure| io::Error::other(failure.to_string()))?;
            Ok(reply.into_response())
        })
    }
}

/// A service as tonic generates them, but for messages that are text.
#[derive(Clone)]
struct Shouter;

impl NamedService for Shouter {
    const NAME: &'static str = "conformance.Shouter";
}

impl Service<http::Request<GrpcBody>> for Shouter {
    type Response = http::Response<GrpcBody>;
    type Error = Infallible;
    type Future = Answering<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<GrpcBody>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Text);
            Ok(match request.uri().path() {
                SHOUT => grpc.unary(service_fn(shout), request).await,
                SPELL => grpc.server_streaming(service_fn(spell), request).await,
                CONVERSE => grpc.streaming(service_fn(converse), request).await,
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

async fn shout(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    match request.into_inner().to_uppercase() {
        said if said.is_empty() => {
            // What a field cannot hold, so that it has to be encoded.
            Err(Status::invalid_argument("say something: 100 % \u{fc}"))
        }
        said => Ok(tonic::Response::new(said)),
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// Answers letter by letter, and fails behind the last.
async fn spell(request: tonic::Request<String>) -> Result<tonic::Response<Answers>, Status> {
    let word = request.into_inner().to_uppercase();
    let mut lost = Status::data_loss("that was all");
    lost.metadata_mut().insert("x-letters", word.len().into());
    let letters: Vec<_> = word.chars().map(|letter| Ok(letter.to_string())).collect();
    let letters = stream::iter(letters.into_iter().chain([Err(lost)]));
    Ok(tonic::Response::new(Box::pin(letters)))
}

async fn converse(
    request: tonic::Request<Streaming<String>>,
) -> Result<tonic::Response<Answers>, Status> {
    let messages = request.into_inner();
    let answers = messages.map(|message| message.map(|message| message.to_uppercase()));
    Ok(tonic::Response::new(Box::pin(answers)))
}

/// Messages that are text.
#[derive(Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, item: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(item.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        let text = String::from_utf8(bytes.to_vec());
        text.map(Some)
            .map_err(|_| Status::invalid_argument("the message is no text"))
    }
}
