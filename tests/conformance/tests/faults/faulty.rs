//! A server with a fault.

use std::sync::Arc;

use transom::features::RequestedAddresses;
use transom::pipeline::Next;
use transom::testing::TestServer;
use transom::{
    App, Application, ApplicationBuilder, BoundServer, BoxServer, Error, Features, HyperServer,
    Request, Response, Server, Shutdown,
};
use transom_conformance::{Capability, Edge, Protocol, Target};

use crate::edge::{http3_at_the_edge, server_at_the_edge};

/// One fault, and the case that finds it.
pub(crate) struct Fault {
    pub(crate) case: &'static str,
    pub(crate) what: &'static str,
    protocol: Option<Protocol>,
    broken: Broken,
    sound: Option<fn() -> BoxServer>,
}

/// What is wrong.
enum Broken {
    /// Something between a sound server and the application.
    Wrapped(Wrap),
    /// The server itself.
    Server(fn() -> BoxServer),
    /// The server, when it is held to limits.
    AtTheEdge(fn(&Edge) -> BoxServer),
    /// The server, and its type.
    Target(fn(&str) -> Target),
}

type Wrap = Arc<dyn Fn(App) -> App + Send + Sync>;

/// Whether the fault is switched on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Under {
    Sound,
    Fault,
}

impl Fault {
    /// A fault that a function makes between the server and the application, found in memory.
    pub(crate) fn new<F, Answer>(case: &'static str, what: &'static str, f: F) -> Self
    where
        F: Fn(Request, Next) -> Answer + Copy + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        let wrap = move |app| ApplicationBuilder::new().use_fn(f).run(app);
        Self {
            case,
            what,
            protocol: Some(Protocol::Memory),
            broken: Broken::Wrapped(Arc::new(wrap)),
            sound: None,
        }
    }

    /// A server that is broken itself, found over HTTP/1.1.
    pub(crate) fn server(case: &'static str, what: &'static str, start: fn() -> BoxServer) -> Self {
        Self {
            case,
            what,
            protocol: Some(Protocol::Http1),
            broken: Broken::Server(start),
            sound: None,
        }
    }

    /// A server whose type is broken, found by a case that starts servers of its own.
    pub(crate) fn target_of(
        case: &'static str,
        what: &'static str,
        target: fn(&str) -> Target,
    ) -> Self {
        Self {
            case,
            what,
            protocol: None,
            broken: Broken::Target(target),
            sound: None,
        }
    }

    /// A server that is broken when it is told to hold its clients to limits.
    pub(crate) fn at_the_edge(
        case: &'static str,
        what: &'static str,
        start: fn(&Edge) -> BoxServer,
    ) -> Self {
        Self {
            case,
            what,
            protocol: None,
            broken: Broken::AtTheEdge(start),
            sound: None,
        }
    }

    /// Sets the server that shows that the case can be passed.
    pub(crate) fn beside(self, sound: fn() -> BoxServer) -> Self {
        Self {
            sound: Some(sound),
            ..self
        }
    }

    /// Has the fault found on another protocol; `None` for a case that starts servers of its own.
    pub(crate) fn on(self, protocol: impl Into<Option<Protocol>>) -> Self {
        Self {
            protocol: protocol.into(),
            ..self
        }
    }

    pub(crate) fn line(&self) -> String {
        match self.protocol {
            Some(protocol) => format!("{}@{protocol}", self.case),
            None => self.case.to_owned(),
        }
    }

    pub(crate) fn target(&self, under: Under) -> Target {
        let sound: fn() -> BoxServer = match self.protocol {
            Some(Protocol::Memory) => || TestServer::new().boxed(),
            Some(Protocol::Http3) => || http3_at_the_edge(&Edge::default()),
            _ => || HyperServer::new("http://127.0.0.1:0").boxed(),
        };
        let sound: fn() -> BoxServer = self.sound.unwrap_or(sound);
        let target = match (under, &self.broken) {
            (Under::Sound, _) => Target::new(&manifest(), sound),
            (Under::Fault, Broken::Server(start)) => Target::new(&manifest(), *start),
            (Under::Fault, Broken::AtTheEdge(start)) => {
                return Target::new(&manifest(), sound).unwrap().with_edge(*start);
            }
            (Under::Fault, Broken::Target(target)) => return target(&manifest()),
            (Under::Fault, Broken::Wrapped(wrap)) => {
                let wrap = Arc::clone(wrap);
                Target::new(&manifest(), move || Faulty {
                    server: sound(),
                    wrap: Arc::clone(&wrap),
                })
            }
        };
        target.unwrap().with_edge(match self.protocol {
            Some(Protocol::Http3) => http3_at_the_edge,
            _ => server_at_the_edge,
        })
    }
}

fn manifest() -> String {
    let lines = Capability::ALL
        .iter()
        .map(|one| format!("{one} = 'native'\n"));
    format!(
        "server = 'faulty'\n[capabilities]\n{}",
        lines.collect::<String>()
    )
}

/// Puts a function between a server and its application.
pub(crate) fn wrapped<F, Answer>(server: BoxServer, f: F) -> BoxServer
where
    F: Fn(Request, Next) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let wrap = move |app| ApplicationBuilder::new().use_fn(f).run(app);
    let wrap: Wrap = Arc::new(wrap);
    Faulty { server, wrap }.boxed()
}

struct Faulty {
    server: BoxServer,
    wrap: Wrap,
}

impl Server for Faulty {
    type Bound = BoundFaulty;

    async fn bind(self) -> Result<BoundFaulty, Error> {
        Ok(BoundFaulty {
            server: self.server.bind().await?,
            wrap: self.wrap,
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.server.requested_addresses()
    }
}

struct BoundFaulty {
    server: <BoxServer as Server>::Bound,
    wrap: Wrap,
}

impl BoundServer for BoundFaulty {
    fn features(&self) -> &Features {
        self.server.features()
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let app = (self.wrap)(App::new(app));
        self.server.serve(app, shutdown).await
    }
}
