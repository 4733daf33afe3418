use std::future::Future;

use tokio::task::JoinSet;
use transom::Shutdown;

use crate::{Listening, Socket};

/// Serves each connection that comes in a task of its own until the server is asked to stop, and then waits for those
/// that are left.
///
/// # Cancel safety
///
/// Dropping the future closes the listener and ends every connection.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::TcpStream;
/// use transom::Shutdown;
/// use transom::adapter::bind;
/// use transom_adapter_tokio::{Listening, Socket, accept_each};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut listener = bind(&["http://127.0.0.1:0".parse()?])?.remove(0);
/// let address = listener.address().connect_addr().ok_or("no address")?;
/// let listening = Listening::new(listener.take_socket().ok_or("no socket")?)?;
/// let (trigger, shutdown) = Shutdown::pair();
/// let serving = tokio::spawn(async move {
///     let hello = async |mut socket: Socket| socket.write_all(b"hello").await;
///     accept_each(listening, &shutdown, hello).await;
/// });
/// let mut client = TcpStream::connect(address).await?;
/// let mut said = String::new();
/// client.read_to_string(&mut said).await?;
/// assert_eq!(said, "hello");
/// trigger.request();
/// serving.await?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub async fn accept_each<F>(
    listening: Listening,
    shutdown: &Shutdown,
    mut serve: impl FnMut(Socket) -> F,
) where
    F: Future<Output: Send> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.requested() => break,
            // What became of a connection is its client's affair. Those that ended must not pile up.
            Some(_) = connections.join_next() => {}
            socket = listening.accept() => drop(connections.spawn(serve(socket))),
        }
    }
    // Nothing new from here on. What was begun is answered.
    drop(listening);
    while connections.join_next().await.is_some() {}
}
