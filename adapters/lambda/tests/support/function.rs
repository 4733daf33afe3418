use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::{Application, Body, BoundServer, Error, Server, Shutdown};
use transom_lambda::LambdaServer;

use super::{Answer, Problem, RuntimeApi, response_of, within};

/// A function that serves, and its Runtime API.
pub struct Function {
    pub api: RuntimeApi,
    pub trigger: ShutdownTrigger,
    serving: JoinHandle<Result<(), Error>>,
}

impl Function {
    pub async fn start(app: impl Application) -> Self {
        Self::start_as(|server| server, app).await
    }

    pub async fn start_as(
        configure: impl FnOnce(LambdaServer) -> LambdaServer,
        app: impl Application,
    ) -> Self {
        let api = RuntimeApi::start();
        let server = configure(LambdaServer::new().with_runtime_api(api.address()));
        let bound = server.bind().await.unwrap();
        let (trigger, shutdown) = Shutdown::pair();
        let serving = tokio::spawn(bound.serve(app, shutdown));
        Self {
            api,
            trigger,
            serving,
        }
    }

    /// Sends an event, and returns what the function says of it.
    pub async fn answer(&self, event: impl Into<Bytes>) -> Answer {
        let answer = within(self.api.invoke(event)).await;
        answer.expect("the function is gone")
    }

    /// Sends an event, and returns the buffered answer as it is.
    pub async fn json(&self, event: impl Into<Bytes>) -> Value {
        match self.answer(event).await {
            Answer::Buffered(json) => serde_json::from_slice(&json).unwrap(),
            other => panic!("no buffered answer: {other:?}"),
        }
    }

    /// Sends an event, and returns what its client gets.
    pub async fn response(&self, event: impl Into<Bytes>) -> Response<Body> {
        response_of(self.answer(event).await).await.unwrap()
    }

    /// Sends an event, and returns the error that the function answers with.
    pub async fn problem(&self, event: impl Into<Bytes>) -> Problem {
        match self.answer(event).await {
            Answer::Failed(problem) => problem,
            other => panic!("no error: {other:?}"),
        }
    }

    /// Waits until the function has ended.
    pub async fn ended(&mut self) -> Result<(), Error> {
        within(&mut self.serving).await.unwrap()
    }

    pub async fn stop(mut self) {
        self.trigger.request();
        self.ended().await.unwrap();
    }

    /// Drops the future of `serve`.
    pub async fn abort(self) -> RuntimeApi {
        self.serving.abort();
        let _ = self.serving.await;
        self.api
    }
}
