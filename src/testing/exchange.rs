use std::sync::{Arc, OnceLock};

use http::{StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;

use crate::adapter::{
    BodySender, Connection, Dispatcher, ResponseBody, UpgradeCompletion, body_pump, upgrade_offer,
};
use crate::contract::{Application, Request, Response};
use crate::features::{ConnectionInfo, Endpoint, Scheme, Transport, Upgraded};
use crate::tunnel::tunnel;

/// How many bytes of an upgraded connection wait each way.
const BUFFER: usize = 16 * 1024;

/// One request on its way to the server, and the way back.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) connection: Arc<OnceLock<Connection>>,
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<(Response, Option<Upgraded>)>,
}

impl Exchange {
    /// Answers, and carries the body, or the upgraded connection, to its end. Dropping the future breaks
    /// off whichever of them it was at.
    pub(super) async fn run<A: Application>(self, dispatcher: Arc<Dispatcher<A>>) {
        let Self {
            connection,
            request,
            mut reply,
        } = self;
        let connection = connection.get_or_init(|| {
            let info = ConnectionInfo::new(Transport::Memory)
                .with_local(Endpoint::Memory)
                .with_remote(Endpoint::Memory);
            dispatcher.connection(info, Scheme::Http)
        });
        let (call, completion) = if wants_upgrade(&request) {
            let (offer, completion) = upgrade_offer();
            (
                dispatcher.call_upgradable(connection, request, offer),
                Some(completion),
            )
        } else {
            (dispatcher.call(connection, request), None)
        };
        let answer = tokio::select! {
            biased;
            answer = call.run() => answer,
            // The client no longer waits.
            () = reply.closed() => return,
        };
        // An application that aborts drops the reply, which is how the client hears of it.
        let Ok(response) = answer else { return };
        let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        match completion.filter(|completion| switched && completion.is_accepted()) {
            Some(completion) => {
                let head = response.map(|_| crate::Body::empty());
                let (near, far) = tokio::io::duplex(BUFFER);
                if reply.send((head, Some(Upgraded::from_tokio(far)))).is_ok() {
                    carry_upgraded(completion, near, &dispatcher).await;
                }
            }
            None => {
                let (head, body) = response.into_parts();
                if body.is_end_stream() {
                    let _ = reply.send((Response::from_parts(head, crate::Body::empty()), None));
                    return;
                }
                let (sender, pumped) = body_pump(body.size_hint().exact());
                if reply
                    .send((Response::from_parts(head, pumped), None))
                    .is_ok()
                {
                    carry_body(body, sender).await;
                }
            }
        }
    }
}

fn wants_upgrade(request: &Request) -> bool {
    let connection = request.headers().get_all(header::CONNECTION);
    let mut options = connection
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','));
    request.headers().contains_key(header::UPGRADE)
        && options.any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
}

async fn carry_body(mut body: ResponseBody, mut sender: BodySender) {
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = sender.closed() => return,
        };
        let sent = match frame {
            None => return sender.finish(),
            Some(Err(error)) => return sender.fail(error),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => sender.data(data).await,
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => sender.trailers(trailers).await,
                    Err(_) => Ok(()),
                },
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Carries bytes between the two ends. Both go through here so that ending the server ends them.
async fn carry_upgraded<A: Application>(
    completion: UpgradeCompletion,
    near: DuplexStream,
    dispatcher: &Dispatcher<A>,
) {
    let (application, server) = tunnel(BUFFER);
    completion.complete(Upgraded::from_tokio(application), dispatcher.statistics());
    let _ = server.carry(near).await;
}
