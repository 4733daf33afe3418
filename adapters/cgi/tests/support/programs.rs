//! A web server that starts programs of CGI, as far as an application can tell: each request gets a `CgiServer` of
//! its own.

use std::io::{PipeReader, PipeWriter};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use transom::features::{Feature, Features, ServerInfo, ServerStatistics, ServerVariables};
use transom::{App, Application, BoundServer, Error, Server, Shutdown};
use transom_cgi::CgiServer;

/// What a program is started with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) variables: ServerVariables,
    pub(crate) input: PipeReader,
    pub(crate) output: PipeWriter,
}

/// Asks for a program to be started.
#[derive(Clone, Debug)]
pub(crate) struct Starter(pub(crate) mpsc::Sender<Start>);

impl Feature for Starter {
    const NAME: &'static str = "test.starter";
}

#[derive(Debug)]
pub(crate) struct Programs;

impl Server for Programs {
    type Bound = BoundPrograms;

    async fn bind(self) -> Result<BoundPrograms, Error> {
        let (sender, starts) = mpsc::channel(64);
        let mut features = Features::new();
        features.insert(ServerInfo::new("cgi", env!("CARGO_PKG_VERSION")));
        features.insert(ServerStatistics::new());
        features.insert(Starter(sender));
        Ok(BoundPrograms { features, starts })
    }
}

#[derive(Debug)]
pub(crate) struct BoundPrograms {
    features: Features,
    starts: mpsc::Receiver<Start>,
}

impl BoundServer for BoundPrograms {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(mut self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let app = App::new(app);
        let statistics = self.features.require::<ServerStatistics>()?;
        let mut programs = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                Some(_) = programs.join_next() => {}
                start = self.starts.recv() => match start {
                    Some(start) => {
                        let running = run(start, app.clone(), shutdown.clone());
                        let counted = statistics.count_request();
                        programs.spawn(async move {
                            let _counted = counted;
                            running.await
                        });
                    }
                    None => break,
                },
            }
        }
        drop(self.starts);
        while programs.join_next().await.is_some() {}
        Ok(())
    }
}

async fn run(start: Start, app: App, shutdown: Shutdown) -> Result<(), Error> {
    let Start {
        variables,
        input,
        output,
    } = start;
    let program = CgiServer::new().with_request(variables, input, output);
    program.bind().await?.serve(app, shutdown).await
}
