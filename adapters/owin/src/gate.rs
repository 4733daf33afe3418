use tokio::sync::watch;
use transom::adapter::HostRuntime;
use transom_middleware::owin::AppFunc;

/// What an OWIN server calls before there is an application: it starts when it is bound, so requests that come before
/// `serve` wait here.
pub(crate) struct Gate(watch::Sender<State>);

#[derive(Clone)]
enum State {
    Waits,
    /// And where the application is polled: the server's threads may know nothing of the host's runtime.
    Open(AppFunc, HostRuntime),
    Closed,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(State::Waits))
    }

    /// Returns the function for a server to call.
    pub(crate) fn app_func(&self) -> AppFunc {
        let state = self.0.subscribe();
        AppFunc::new(move |environment| {
            let mut state = state.clone();
            async move {
                let open = state.wait_for(|state| !matches!(state, State::Waits)).await;
                // Not held while the application runs.
                let open = open.map_or(State::Closed, |open| open.clone());
                match open {
                    State::Open(app, runtime) => runtime.enter(app.call(environment)).await,
                    _ => Err("the server has stopped".into()),
                }
            }
        })
    }

    pub(crate) fn open(&self, app: AppFunc) {
        let runtime = HostRuntime::current();
        self.0.send_replace(State::Open(app, runtime));
    }

    /// Calls nobody any more.
    pub(crate) fn close(&self) {
        self.0.send_replace(State::Closed);
    }
}
