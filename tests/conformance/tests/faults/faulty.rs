//! A server with a fault.

use std::sync::Arc;

use transom::pipeline::Next;
use transom::testing::TestServer;
use transom::{
    App, Application, ApplicationBuilder, BoundServer, BoxServer, Error, Features, Request,
    Response, Server, Shutdown,
};
use transom_conformance::{Capability, Protocol, Target};

/// One fault, and the case that finds it.
pub(crate) struct Fault {
    pub(crate) case: &'static str,
    pub(crate) what: &'static str,
    protocol: Option<Protocol>,
    wrap: Wrap,
}

type Wrap = Arc<dyn Fn(App) -> App + Send + Sync>;

/// Whether the fault is switched on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Under {
    Sound,
    Fault,
}

impl Fault {
    /// A fault that a function makes between the server and the application.
    pub(crate) fn new<F, Answer>(case: &'static str, what: &'static str, f: F) -> Self
    where
        F: Fn(Request, Next) -> Answer + Copy + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        Self {
            case,
            what,
            protocol: Some(Protocol::Memory),
            wrap: Arc::new(move |app| ApplicationBuilder::new().use_fn(f).run(app)),
        }
    }

    /// Runs the case on another protocol than memory.
    pub(crate) fn on(self, protocol: Protocol) -> Self {
        Self {
            protocol: Some(protocol),
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
        let wrap = Arc::clone(&self.wrap);
        let server = || TestServer::new().boxed();
        let start = move || match under {
            Under::Sound => server(),
            Under::Fault => Faulty {
                server: server(),
                wrap: Arc::clone(&wrap),
            }
            .boxed(),
        };
        Target::new(&manifest(), start).unwrap()
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
        self.server
            .serve((self.wrap)(App::new(app)), shutdown)
            .await
    }
}
