use std::fmt;
use std::io;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use transom::features::Feature;
use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_NOT_FOUND, ERROR_SUCCESS};

use super::sys::{RequestBuffer, RequestQueue};

/// Most certificates fit.
const SIZE: usize = 8 * 1024;

/// Asks the client of a connection over TLS for its certificate, in the midst of it. Absent without TLS.
///
/// A certificate that was shown in the handshake is in [`TlsInfo`](transom::features::TlsInfo) already.
#[doc(alias = "ClientCertificateMethod")]
#[doc(alias = "GetClientCertificateAsync")]
pub struct ClientCertificate {
    queue: Weak<RequestQueue>,
    connection: u64,
}

impl ClientCertificate {
    pub(super) fn new(queue: &Arc<RequestQueue>, connection: u64) -> Self {
        let queue = Arc::downgrade(queue);
        Self { queue, connection }
    }

    /// Returns the certificate in DER; `None` if the client has shown none. The body of the request has to be read
    /// before, over HTTP/1.1.
    ///
    /// # Errors
    ///
    /// The connection is gone, or cannot be asked: over HTTP/2, or with TLS 1.3 where the client does not allow it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes the question back as far as that can be done.
    pub async fn request(&self) -> Result<Option<Bytes>, CertificateError> {
        let gone = || CertificateError(io::ErrorKind::NotConnected.into());
        let mut size = SIZE;
        // A second time for one that did not fit; it does not grow meanwhile.
        for _ in 0..2 {
            let queue = self.queue.upgrade().ok_or_else(gone)?;
            let buffer = RequestBuffer::new(size);
            let (outcome, buffer) = queue.receive_certificate(self.connection, buffer).await;
            match outcome.error {
                ERROR_SUCCESS => return Ok(buffer.certificate().map(Bytes::copy_from_slice)),
                ERROR_NOT_FOUND => return Ok(None),
                ERROR_MORE_DATA => size = buffer.certificate_size().max(SIZE),
                error => {
                    let error = io::Error::from_raw_os_error(error as i32);
                    return Err(CertificateError(error));
                }
            }
        }
        Err(gone())
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

impl Feature for ClientCertificate {
    const NAME: &'static str = "connection.client_certificate";
}

/// The client could not be asked for its certificate; see [`ClientCertificate::request`].
#[derive(Debug)]
pub struct CertificateError(io::Error);

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client could not be asked for its certificate")
    }
}

impl std::error::Error for CertificateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
