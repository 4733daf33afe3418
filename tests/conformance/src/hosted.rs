use std::fmt;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::TryFutureExt as _;
use futures_util::future::{Either, select, try_join, try_join_all};
use http::StatusCode;
use tokio::runtime::{Builder, Runtime};
use transom::adapter::{self, HostRuntime, Mount, Socket};
use transom::contract::ShutdownTrigger;
use transom::features::{
    RequestedAddresses, Scheme, ServerAddress, ServerAddresses, ServerInfo, ServerStatistics,
};
use transom::{
    App, Application, BoundServer, Error, Features, Request, Response, Server, Shutdown,
};

use crate::within;

/// A server that is a framework's own: the application is [mounted](Mount) in one of its applications, for
/// every request.
///
/// It is started once for each address. The framework runs on a runtime of its own, as in a program that is
/// the framework's; when the future of `serve` is dropped the runtime goes and the mount is aborted, as they
/// do at such a program's end.
pub struct Hosted {
    info: ServerInfo,
    addresses: RequestedAddresses,
    run: Box<dyn Fn(Hosting) -> Running + Send + Sync>,
    binds_itself: bool,
}

type Running = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// What a framework is given to run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Hosting {
    /// Where it listens, in non-blocking mode.
    pub listener: TcpListener,
    /// What answers every request.
    pub mount: Mount,
    /// When it shall stop.
    pub shutdown: Shutdown,
}

impl Hosted {
    /// Returns a server on a free port. `run` serves until it is asked to stop, and then lets requests end.
    pub fn new<Serving>(
        info: ServerInfo,
        run: impl Fn(Hosting) -> Serving + Send + Sync + 'static,
    ) -> Self
    where
        Serving: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self {
            info,
            addresses: RequestedAddresses::parse("http://127.0.0.1:0"),
            run: Box::new(move |hosting| Box::pin(run(hosting))),
            binds_itself: false,
        }
    }

    /// Says that the framework takes no listener: it drops the one that it is given, and binds its address again.
    #[must_use]
    pub fn binding_itself(self) -> Self {
        Self {
            binds_itself: true,
            ..self
        }
    }

    fn prepare(mut self) -> Result<BoundHosted, Error> {
        let requested = self.addresses.take()?;
        let other = |address: &&ServerAddress| {
            address.scheme() != Scheme::Http || address.unix_path().is_some()
        };
        if let Some(address) = requested.iter().find(other) {
            return Err(Error::configuration(format!(
                "`{address}` is not of TCP in cleartext, and what else there is, is the program's to add"
            )));
        }
        let mut sockets = adapter::bind(&requested)?;
        let bound: Vec<_> = sockets.iter().map(|at| at.address().clone()).collect();
        let mut features = Features::new();
        features.insert(self.info.clone());
        features.insert(ServerAddresses::new(requested, bound));
        features.insert(ServerStatistics::new());
        let app = Late::default();
        let mount = Mount::new(App::new(app.clone()), features.clone());
        let (trigger, shutdown) = Shutdown::pair();
        let mut running = Vec::new();
        for socket in &mut sockets {
            if let Some(Socket::Tcp(listener)) = socket.take_socket() {
                running.push((self.run)(Hosting {
                    listener,
                    mount: mount.clone(),
                    shutdown: shutdown.clone(),
                }));
            }
        }
        let program = Program::new(mount).map_err(|error| Error::serve(&self.info, error))?;
        let info = self.info;
        let failed = move |error| Error::serve(info, error);
        Ok(BoundHosted {
            running: Box::pin(try_join_all(running).map_ok(drop).map_err(failed)),
            program,
            app,
            trigger,
            features,
        })
    }
}

impl Server for Hosted {
    type Bound = BoundHosted;

    async fn bind(self) -> Result<BoundHosted, Error> {
        let binds_itself = self.binds_itself;
        let mut bound = self.prepare()?;
        if binds_itself {
            bound.wait_until_bound().await?;
        }
        Ok(bound)
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.addresses)
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hosted({})", self.info)
    }
}

/// A [`Hosted`] that holds its addresses.
pub struct BoundHosted {
    running: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
    program: Program,
    app: Late,
    trigger: ShutdownTrigger,
    features: Features,
}

impl BoundHosted {
    /// Lets the framework run until it listens.
    async fn wait_until_bound(&mut self) -> Result<(), Error> {
        let addresses: Vec<_> = self.features.require::<ServerAddresses>()?.bound();
        let listening = async {
            for address in addresses.iter().filter_map(ServerAddress::connect_addr) {
                while std::net::TcpStream::connect(address).is_err() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        };
        let listening = within("a framework that listens", listening);
        let running = self.program.inside().enter(&mut self.running);
        match select(running, Box::pin(listening)).await {
            Either::Left((ended, _)) => ended,
            Either::Right((listening, _)) => {
                listening.map_err(|failure| Error::serve("a framework", failure.to_string()))
            }
        }
    }
}

impl BoundServer for BoundHosted {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            running,
            program,
            app: late,
            trigger,
            ..
        } = self;
        let _ = late.0.set(App::new(app));
        // It is polled here and not spawned: so the addresses are free as soon as it is dropped.
        let running = program.inside().enter(running);
        let stopping = async {
            shutdown.requested().await;
            trigger.request();
            program.mount.stop().await;
            Ok(())
        };
        try_join(running, stopping).await?;
        Ok(())
    }
}

impl fmt::Debug for BoundHosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundHosted")
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}

/// The application, which is there when the framework serves.
#[derive(Clone, Default)]
struct Late(Arc<OnceLock<App>>);

impl Application for Late {
    async fn call(&self, request: Request) -> Response {
        match self.0.get() {
            Some(app) => app.call(request).await,
            None => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }
        }
    }
}

/// How long tasks that block may hold up the end of a program.
const PATIENCE: Duration = Duration::from_secs(1);

/// The program of a framework; its end ends all that it does.
struct Program {
    mount: Mount,
    inside: HostRuntime,
    runtime: Option<Runtime>,
}

impl Program {
    fn new(mount: Mount) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build()?;
        let inside = {
            let _inside = runtime.enter();
            HostRuntime::current()
        };
        Ok(Self {
            mount,
            inside,
            runtime: Some(runtime),
        })
    }

    fn inside(&self) -> HostRuntime {
        self.inside.clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let (runtime, mount) = (self.runtime.take(), self.mount.clone());
        // This is another runtime, which must not wait for that one.
        std::thread::spawn(move || {
            if let Some(runtime) = runtime {
                runtime.shutdown_timeout(PATIENCE);
            }
            // For a framework with threads of its own. Sooner, and one that still runs might answer for the application.
            mount.abort();
        });
    }
}
