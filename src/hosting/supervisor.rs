//! Watches the servers while they serve, and stops them.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::{HostLifetime, Stopper};
use crate::contract::{App, BoundServer, BoxBoundServer, Error, Shutdown, ShutdownTrigger};
#[cfg(all(feature = "systemd", target_os = "linux"))]
use crate::features::ServerReload;
use crate::features::{EndsByItself, Features, ServerAddresses, ServerInfo, ServerStatistics};

pub(super) type BoxSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Owns the tasks of the servers. Dropped, it aborts them.
pub(super) struct Supervisor {
    tasks: JoinSet<Result<(), Error>>,
    /// The servers that have not ended, in the order in which the program named them.
    serving: Vec<Serving>,
    shutdown: ShutdownTrigger,
    stopper: Stopper,
    manner: Manner,
    lifetime: EndOfLife,
    #[cfg(all(feature = "systemd", target_os = "linux"))]
    service_manager: Option<super::systemd::ServiceManager>,
}

/// How the servers are stopped.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// How long they serve on.
    pub(super) delay: Duration,
    /// How long they may drain after that.
    pub(super) grace: Duration,
    pub(super) shows_status_messages: bool,
}

struct Serving {
    task: Id,
    features: Arc<Features>,
}

impl Supervisor {
    /// Begins to serve. Panics outside of a tokio runtime.
    pub(super) fn serve(
        servers: Vec<(BoxBoundServer, Arc<Features>)>,
        app: &App,
        stopper: Stopper,
        lifetime: HostLifetime,
        manner: Manner,
    ) -> Self {
        let (trigger, shutdown) = Shutdown::pair();
        let mut tasks = JoinSet::new();
        let serving = servers
            .into_iter()
            .map(|(server, features)| {
                let task = tasks
                    .spawn(server.serve(app.clone(), shutdown.clone()))
                    .id();
                Serving { task, features }
            })
            .collect();
        Self {
            tasks,
            serving,
            shutdown: trigger,
            stopper,
            manner,
            lifetime: EndOfLife(lifetime),
            #[cfg(all(feature = "systemd", target_os = "linux"))]
            service_manager: None,
        }
    }

    #[cfg(all(feature = "systemd", target_os = "linux"))]
    pub(super) fn with_service_manager(self, manager: super::systemd::ServiceManager) -> Self {
        Self {
            service_manager: Some(manager),
            ..self
        }
    }

    /// Runs until every server has ended or was aborted.
    pub(super) async fn run(mut self, signal: Option<BoxSignal>) -> Result<(), Error> {
        let stopper = self.stopper.clone();
        let signalled = async {
            match signal {
                Some(signal) => signal.await,
                None => pending().await,
            }
            stopper.stop();
            pending::<Infallible>().await
        };
        let watched = self.watch();
        tokio::select! {
            result = self.supervise() => result,
            never = signalled => match never {},
            never = watched => match never {},
        }
    }

    /// Tells the service manager that the host is alive, and when it takes in a configuration, for ever.
    #[cfg(all(feature = "systemd", target_os = "linux"))]
    fn watch(&self) -> impl Future<Output = Infallible> + use<> {
        let manager = self.service_manager;
        let servers = self.serving.iter();
        let servers: Vec<_> = servers
            .filter_map(|server| server.features.get::<ServerReload>().cloned())
            .collect();
        async move {
            match manager {
                Some(manager) => tokio::select! {
                    never = manager.watch() => never,
                    never = manager.follow(servers) => never,
                },
                None => pending().await,
            }
        }
    }

    #[cfg(not(all(feature = "systemd", target_os = "linux")))]
    fn watch(&self) -> impl Future<Output = Infallible> + use<> {
        pending()
    }

    async fn supervise(&mut self) -> Result<(), Error> {
        let stopper = self.stopper.clone();
        let mut failure = tokio::select! {
            biased;
            () = stopper.stop_requested() => None,
            failure = self.first_failure() => failure,
        };
        self.lifetime.0.begin_to_stop();
        #[cfg(all(feature = "systemd", target_os = "linux"))]
        if let Some(manager) = self.service_manager {
            manager.stopping();
        }
        match &failure {
            Some(failure) => {
                tracing::error!(target: "transom::hosting", "Stopping, because {}", failure.report());
            }
            None if self.manner.shows_status_messages => {
                tracing::info!(target: "transom::hosting", "Application is shutting down...");
            }
            None => {}
        }
        if failure.is_none() {
            failure = self.delay().await;
        }
        self.shutdown.request();

        let (begun, grace) = (Instant::now(), self.manner.grace);
        let aborted = tokio::select! {
            biased;
            () = self.drain(&mut failure) => None,
            () = stopper.abort_requested() => Some(begun.elapsed()),
            () = tokio::time::sleep(grace) => Some(grace),
        };
        if let Some(waited) = aborted {
            let aborted = self.abort(waited).await;
            keep_first(&mut failure, aborted);
        }
        self.lifetime.0.stop();
        failure.map_or(Ok(()), Err)
    }

    /// Lets the servers serve on for the delay, unless one fails or the host is to abort.
    async fn delay(&mut self) -> Option<Error> {
        if self.manner.delay.is_zero() {
            return None;
        }
        self.shutdown.announce();
        let (delay, stopper) = (self.manner.delay, self.stopper.clone());
        tokio::select! {
            biased;
            () = stopper.abort_requested() => None,
            failure = self.first_failure() => failure,
            () = tokio::time::sleep(delay) => None,
        }
    }

    /// Waits until every server has ended.
    async fn drain(&mut self, failure: &mut Option<Error>) {
        while let Some(end) = self.next_end().await {
            keep_first(failure, end.result);
        }
    }

    /// Drops every server that has not ended; an error says what it had in flight.
    async fn abort(&mut self, waited: Duration) -> Result<(), Error> {
        let aborted: Vec<String> = self.serving.iter().filter_map(Serving::survivors).collect();
        for server in &self.serving {
            tracing::debug!(target: "transom::hosting", "Aborting the server {}", server.name());
        }
        self.tasks.abort_all();
        // An aborted task ends at its next await; one that never comes to it is left behind.
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(ABORT_TIMEOUT, ended).await;
        self.serving.clear();
        if aborted.is_empty() {
            return Ok(());
        }
        let waited = Duration::from_millis(waited.as_millis().try_into().unwrap_or(u64::MAX));
        Err(Error::shutdown_timeout(waited, aborted.join("; ")))
    }

    /// Waits until a server has ended that should not have; or until the last one has. Dropping the future loses
    /// nothing.
    async fn first_failure(&mut self) -> Option<Error> {
        loop {
            let end = self.next_end().await?;
            if !(end.by_itself && end.result.is_ok()) {
                return Some(end.alone());
            }
        }
    }

    /// Waits until one more server has ended. Dropping the future loses nothing.
    async fn next_end(&mut self) -> Option<End> {
        let (task, result) = match self.tasks.join_next_with_id().await? {
            Ok((task, result)) => (task, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let position = self.serving.iter().position(|known| known.task == task)?;
        let server = self.serving.remove(position);
        let by_itself = server.features.contains::<EndsByItself>();
        let server = server.name();
        let result = match result {
            Ok(Err(error)) if !error.is_serve() => Err(Error::serve(&server, error)),
            Ok(result) => result,
            Err(error) if error.is_panic() => Err(Error::serve(&server, "it panicked")),
            Err(_) => Err(Error::serve(&server, "its runtime was shut down")),
        };
        Some(End {
            server,
            by_itself,
            result,
        })
    }
}

/// How a server ended.
struct End {
    server: String,
    /// It is one that may end unasked.
    by_itself: bool,
    result: Result<(), Error>,
}

impl End {
    /// Nobody asked the server to end, so it failed in any case.
    fn alone(self) -> Error {
        match self.result {
            Ok(()) => Error::serve(self.server, "it ended without being asked to"),
            Err(error) => error,
        }
    }
}

impl Serving {
    fn name(&self) -> String {
        match self.features.get::<ServerInfo>() {
            Some(server) => server.to_string(),
            None => "without a name".into(),
        }
    }

    /// Returns what an abort would cut off now, unless it is nothing.
    fn survivors(&self) -> Option<String> {
        let in_flight = match self.features.get::<ServerStatistics>() {
            Some(statistics) if statistics.is_idle() => return None,
            Some(statistics) => format!(
                "{} in flight, {}",
                Count(statistics.requests(), "request"),
                Count(statistics.upgraded(), "upgraded connection")
            ),
            None => "it does not tell what it had in flight".into(),
        };
        let name = self.name();
        Some(match self.features.get::<ServerAddresses>() {
            Some(addresses) if !addresses.bound().is_empty() => {
                format!("{name} on {}: {in_flight}", List(addresses))
            }
            _ => format!("{name}: {in_flight}"),
        })
    }
}

/// Fires the last tokens even if the host is dropped; as a field it outlives the servers.
struct EndOfLife(HostLifetime);

impl Drop for EndOfLife {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

struct List<'a>(&'a ServerAddresses);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.0.bound().iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{address}")?;
        }
        Ok(())
    }
}

/// The first failure is the one that a program ends with; the log has the others.
fn keep_first(failure: &mut Option<Error>, next: Result<(), Error>) {
    match next {
        Err(next) if failure.is_some() => {
            tracing::error!(target: "transom::hosting", "While stopping: {}", next.report());
        }
        Err(next) => *failure = Some(next),
        Ok(()) => {}
    }
}

/// How long aborted tasks may take to come to their next await.
const ABORT_TIMEOUT: Duration = Duration::from_secs(1);
