//! What the engine wants of a stream beside bytes. The adapter knows of the connection by itself.

use std::fmt;
use std::os::fd::RawFd;
use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID,
};
use tokio::io::AsyncWriteExt;

use crate::link::End;

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End").finish_non_exhaustive()
    }
}

#[async_trait]
impl Shutdown for End {
    async fn shutdown(&mut self) {
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for End {
    /// Only the engine's pool of connections to other servers looks at it.
    fn id(&self) -> RawFd {
        -1
    }
}

impl Ssl for End {}

impl Peek for End {}

impl GetTimingDigest for End {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for End {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for End {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}
