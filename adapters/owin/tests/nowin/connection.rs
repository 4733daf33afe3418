use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, select};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use transom::adapter::check_head;
use transom::body::BoxError;
use transom::features::{RequestLifetime, UpgradeError, Upgraded};
use transom_middleware::owin::{
    AppFunc, Environment, OnSendingHeaders, OpaqueCallback, OpaqueUpgrade, Properties,
    ResponseBody, keys,
};

use super::body::{Outgoing, Running, Writer};
use super::request::fill;
use super::server::{Tasks, spawn};

/// What the connections of a server share.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) app: AppFunc,
    pub(super) tells_target: bool,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) tasks: Tasks,
}

/// Both ends of a connection.
pub(super) struct Ends {
    pub(super) remote: SocketAddr,
    pub(super) local: SocketAddr,
}

impl Connections {
    pub(super) async fn serve(self, stream: TcpStream) {
        let _ = self.try_serve(stream).await;
    }

    async fn try_serve(self, stream: TcpStream) -> Result<(), BoxError> {
        stream.set_nodelay(true)?;
        let ends = Ends {
            remote: stream.peer_addr()?,
            local: stream.local_addr()?,
        };
        let served = AtomicBool::new(false);
        let mut stopping = self.stopping.clone();
        let service = service_fn(|request| {
            served.store(true, Ordering::Relaxed);
            self.answer(&ends, request)
        });
        let mut engine = http1::Builder::new();
        engine.timer(TokioTimer::new());
        let serving = engine.serve_connection(TokioIo::new(stream), service);
        let mut serving = pin!(serving.with_upgrades());
        tokio::select! {
            biased;
            stopped = stopping.wait_for(|stopping| *stopping) => match served.load(Ordering::Relaxed) {
                true => drop(stopped),
                false => return Ok(()),
            },
            ended = &mut serving => return Ok(ended?),
        }
        serving.as_mut().graceful_shutdown();
        Ok(serving.await?)
    }

    /// An error closes the connection.
    async fn answer(
        &self,
        ends: &Ends,
        mut request: Request<Incoming>,
    ) -> Result<Response<Outgoing>, BoxError> {
        if check_head(&request).is_err() {
            return Ok(bare(StatusCode::BAD_REQUEST));
        }
        let has_path = request.uri().path().starts_with('/');
        if !has_path && !self.tells_target {
            // OWIN has no word for `*`, nor for an authority.
            return Ok(bare(StatusCode::NOT_IMPLEMENTED));
        }
        let environment = Environment::new();
        let lifetime = RequestLifetime::new();
        let callback = Callback::default();
        let connecting = upgradable(&request).then(|| hyper::upgrade::on(&mut request));
        if connecting.is_some() {
            environment.set(keys::OPAQUE_UPGRADE, upgrade(&callback))?;
        }
        fill(
            &environment,
            request,
            ends,
            lifetime.clone(),
            self.tells_target,
        )?;
        let sending = OnSendingHeaders::new();
        environment.set(keys::ON_SENDING_HEADERS, sending.clone())?;
        let (started, starts) = oneshot::channel();
        let (sender, pieces) = mpsc::channel(0);
        let writer = Writer {
            started: Some(started),
            pieces: sender,
        };
        environment.set(keys::RESPONSE_BODY, ResponseBody::new(writer))?;
        let running = self.app.call(environment.clone());
        let (running, starts) = match select(running, starts).await {
            Either::Left((ended, mut starts)) => {
                let started = matches!(starts.try_recv(), Ok(Some(())));
                (Running::Ended(ended.err()), started)
            }
            Either::Right((_, called)) => (Running::Runs(called), true),
        };
        let body = match (running, starts) {
            (running, true) => Outgoing::Written {
                running,
                pieces,
                rested: false,
            },
            (Running::Ended(Some(error)), _) if lifetime.is_aborted() => return Err(error),
            (Running::Ended(Some(_)), _) => return Ok(bare(StatusCode::INTERNAL_SERVER_ERROR)),
            _ => Outgoing::Empty,
        };
        sending.fire(&environment);
        let status: Option<u16> = environment.get(keys::RESPONSE_STATUS_CODE);
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status.unwrap_or(200))?;
        let headers: Option<HeaderMap> = environment.get(keys::RESPONSE_HEADERS);
        *response.headers_mut() = headers.unwrap_or_default();
        let callback = callback
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let (Some(connecting), Some(callback)) = (connecting, callback)
            && response.status() == StatusCode::SWITCHING_PROTOCOLS
        {
            spawn(&self.tasks, hand_over(connecting, callback));
        }
        Ok(response)
    }
}

type Callback = Arc<Mutex<Option<OpaqueCallback>>>;

fn upgrade(callback: &Callback) -> OpaqueUpgrade {
    let kept = Arc::clone(callback);
    OpaqueUpgrade::new(move |callback| {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.is_some() {
            true => Err(UpgradeError::taken()),
            false => {
                *kept = Some(callback);
                Ok(())
            }
        }
    })
}

async fn hand_over(connecting: hyper::upgrade::OnUpgrade, callback: OpaqueCallback) {
    if let Ok(connection) = connecting.await {
        let opaque = Properties::new();
        opaque.set(keys::OPAQUE_VERSION, "1.0".to_owned());
        opaque.set(
            keys::OPAQUE_STREAM,
            Upgraded::from_tokio(TokioIo::new(connection)),
        );
        callback(opaque).await;
    }
}

fn upgradable(request: &Request<Incoming>) -> bool {
    request.headers().contains_key(header::UPGRADE) || request.method() == Method::CONNECT
}

fn bare(status: StatusCode) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::Empty);
    *response.status_mut() = status;
    response
}
