use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use transom::features::Upgraded;
use windows_sys::Win32::Foundation::ERROR_HANDLE_EOF;

use super::outflow::ended;
use super::sys::{Chunks, RequestQueue, SendFlags};

/// How many bytes wait between the application and the kernel, each way.
const BUFFER: usize = 64 * 1024;
/// How much is carried at a time.
const PIECE: usize = 16 * 1024;

/// Returns a connection that was handed over, and the future that carries its bytes until both sides have ended.
pub(crate) fn open(
    queue: &Arc<RequestQueue>,
    request: u64,
) -> (Upgraded, impl Future<Output = io::Result<()>> + use<>) {
    let (near, far) = tokio::io::duplex(BUFFER);
    let (from, to) = tokio::io::split(far);
    let (hears, says) = (Arc::clone(queue), Arc::clone(queue));
    let carrying = async move {
        let hearing = hear(hears, request, to);
        let saying = say(says, request, from);
        let (mut hearing, mut saying) = (std::pin::pin!(hearing), std::pin::pin!(saying));
        tokio::select! {
            heard = &mut hearing => {
                heard?;
                saying.await
            }
            // The application has dropped it, or ended its side; the kernel ends both.
            said = &mut saying => said,
        }
    };
    (Upgraded::from_tokio(near), carrying)
}

/// Carries what the client says.
async fn hear(
    queue: Arc<RequestQueue>,
    request: u64,
    mut to: WriteHalf<DuplexStream>,
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        let (outcome, filled) = queue.receive_body(request, buffer).await;
        buffer = filled;
        if outcome.error == ERROR_HANDLE_EOF || outcome.error == 0 && outcome.bytes == 0 {
            return to.shutdown().await;
        }
        ended(outcome)?;
        to.write_all(&buffer[..outcome.bytes as usize]).await?;
    }
}

/// Carries what the application says, and ends the connection behind it.
async fn say(
    queue: Arc<RequestQueue>,
    request: u64,
    mut from: ReadHalf<DuplexStream>,
) -> io::Result<()> {
    loop {
        let mut piece = BytesMut::with_capacity(PIECE);
        let ends = from.read_buf(&mut piece).await? == 0;
        let flags = SendFlags {
            more: !ends,
            disconnect: ends,
            buffer: !ends,
            ..SendFlags::default()
        };
        let data = if ends {
            Vec::new()
        } else {
            vec![piece.freeze()]
        };
        let (outcome, _) = queue.send_body(request, Chunks::new(data)?, flags).await;
        ended(outcome)?;
        if ends {
            return Ok(());
        }
    }
}
