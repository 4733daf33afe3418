use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use transom::body::BoxError;
use transom::features::{Scheme, ServerAddress};
use transom_middleware::owin::{AppFunc, Properties, keys};
use transom_owin::{OwinServerFactory, RunningOwinServer};

use super::connection::Connections;

/// Makes servers.
#[derive(Clone, Default)]
pub struct Nowin {
    /// Whether it tells of the target as it was sent, for which OWIN has no key.
    pub tells_target: bool,
    /// Whether it keeps to itself where it listens.
    pub keeps_addresses: bool,
    /// Says what its servers do, for tests.
    pub ends: Option<watch::Receiver<bool>>,
}

impl OwinServerFactory for Nowin {
    type Server = RunningNowin;

    fn initialize(&mut self, properties: &Properties) {
        let capabilities: Option<Properties> = properties.get(keys::CAPABILITIES);
        let capabilities = capabilities.expect("the host hands capabilities over");
        capabilities.set(keys::SERVER_NAME, "nowin/1.0".to_owned());
        capabilities.set(keys::OPAQUE_VERSION, "1.0".to_owned());
    }

    async fn create(
        &mut self,
        app: AppFunc,
        properties: Properties,
    ) -> Result<RunningNowin, BoxError> {
        let addresses: Vec<ServerAddress> = properties.require(keys::HOST_ADDRESSES)?;
        let mut running = RunningNowin {
            listeners: Vec::new(),
            tasks: Tasks::default(),
            stopping: watch::Sender::new(false),
            addresses: Vec::new(),
            ends: self.ends.clone(),
        };
        for address in &addresses {
            let sockets = address.socket_addrs();
            if address.scheme() != Scheme::Http || sockets.is_empty() {
                return Err("this server listens on TCP alone, in cleartext".into());
            }
            if !address.path_base().is_empty() {
                return Err("this server has no path base".into());
            }
            for socket in sockets {
                let listener = TcpListener::bind(socket).await?;
                let bound = address.clone().with_port(listener.local_addr()?.port());
                if !self.keeps_addresses && !running.addresses.contains(&bound) {
                    running.addresses.push(bound);
                }
                let listener: Listener = Arc::new(Mutex::new(Some(listener)));
                running.listeners.push(Arc::clone(&listener));
                let connections = Connections {
                    app: app.clone(),
                    tells_target: self.tells_target,
                    stopping: running.stopping.subscribe(),
                    tasks: Arc::clone(&running.tasks),
                };
                spawn(&running.tasks, accept(listener, connections));
            }
        }
        Ok(running)
    }
}

/// A server that listens.
pub struct RunningNowin {
    listeners: Vec<Listener>,
    tasks: Tasks,
    stopping: watch::Sender<bool>,
    addresses: Vec<ServerAddress>,
    ends: Option<watch::Receiver<bool>>,
}

/// Taken out, and so closed, when nothing more is accepted.
type Listener = Arc<Mutex<Option<TcpListener>>>;

/// All that the server has begun, which ends with it.
pub(super) type Tasks = Arc<Mutex<JoinSet<()>>>;

pub(super) fn spawn(tasks: &Tasks, task: impl Future<Output = ()> + Send + 'static) {
    let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
    while tasks.try_join_next().is_some() {}
    tasks.spawn(task);
}

async fn accept(listener: Listener, connections: Connections) {
    let mut stopping = connections.stopping.clone();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            accepted = poll_fn(|cx| poll_accept(&listener, cx)) => accepted,
        };
        match accepted {
            Some(Ok(stream)) => spawn(&connections.tasks, connections.clone().serve(stream)),
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            None => return,
        }
    }
}

/// Ready with the next connection, or with `None` once the listener is closed.
fn poll_accept(listener: &Listener, cx: &mut Context<'_>) -> Poll<Option<io::Result<TcpStream>>> {
    let listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
    match &*listener {
        Some(listener) => listener
            .poll_accept(cx)
            .map(|accepted| Some(accepted.map(|(stream, _)| stream))),
        None => Poll::Ready(None),
    }
}

impl RunningNowin {
    fn close(&mut self) {
        for listener in self.listeners.drain(..) {
            listener
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }
}

impl RunningOwinServer for RunningNowin {
    fn addresses(&self) -> Vec<ServerAddress> {
        self.addresses.clone()
    }

    async fn stop(&mut self) {
        self.close();
        self.stopping.send_replace(true);
        poll_fn(|cx| {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            while let Poll::Ready(joined) = tasks.poll_join_next(cx) {
                if joined.is_none() {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }

    async fn ended(&mut self) -> Result<(), BoxError> {
        match &mut self.ends {
            Some(ends) => {
                ends.wait_for(|ends| *ends).await?;
                Err("it fell over".into())
            }
            None => std::future::pending().await,
        }
    }
}

impl Drop for RunningNowin {
    fn drop(&mut self) {
        self.close();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.abort_all();
    }
}
