use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, HANDLE};
use windows_sys::Win32::Networking::HttpServer as api;
use windows_sys::Win32::System::IO::{CancelIoEx, OVERLAPPED};

use super::operation::{Pending, submit};
use super::platform::{Platform, check, wide};
use super::port::Port;
use super::response::{Chunks, NativeResponse, SendFlags};
use super::security::SecurityDescriptor;
use super::view::RequestBuffer;
use crate::options::{Http503Verbosity, RequestQueueMode};

/// A request queue of this process: where the kernel puts the requests of its URL groups.
///
/// Its calls are overlapped without exception: one that is not would leave a packet behind.
pub(crate) struct RequestQueue {
    handle: RwLock<Option<Handle>>,
    port: Port,
}

pub(super) struct Handle(pub(super) HANDLE);

// SAFETY: a handle is a number, and a request queue may be used from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and this is its owner. It fails for one that is closed, which this is not.
        unsafe { api::HttpCloseRequestQueue(self.0) };
    }
}

/// A queue, and whether this process made it, or attached to that of another.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) queue: Arc<RequestQueue>,
    pub(crate) made: bool,
}

impl RequestQueue {
    /// Opens a queue; the API has to be initialized. Who may use one that is made says the security descriptor.
    pub(crate) fn open(
        name: Option<&str>,
        mode: RequestQueueMode,
        security: Option<&SecurityDescriptor>,
    ) -> io::Result<Opened> {
        let name: Option<Vec<u16>> = name.map(wide);
        let name = name.as_deref();
        let (handle, made) = match mode {
            RequestQueueMode::Create => (create(name, security, 0)?, true),
            RequestQueueMode::Attach => (attach(name)?, false),
            RequestQueueMode::CreateOrAttach => match attach(name) {
                Ok(handle) => (handle, false),
                Err(error) if is_not_found(&error) => (create(name, security, 0)?, true),
                Err(error) => return Err(error),
            },
        };
        let port = Port::start()?;
        port.attach(handle.0)?;
        let handle = RwLock::new(Some(handle));
        let queue = Arc::new(Self { handle, port });
        Ok(Opened { queue, made })
    }

    /// Sets how many requests wait.
    pub(crate) fn set_length(&self, length: u32) -> io::Result<()> {
        self.set(api::HttpServerQueueLengthProperty, &length)
    }

    /// Sets what the kernel answers when it cannot reach this process.
    pub(crate) fn set_verbosity(&self, verbosity: Http503Verbosity) -> io::Result<()> {
        let verbosity: i32 = match verbosity {
            Http503Verbosity::Basic => api::Http503ResponseVerbosityBasic,
            Http503Verbosity::Limited => api::Http503ResponseVerbosityLimited,
            Http503Verbosity::Full => api::Http503ResponseVerbosityFull,
        };
        self.set(api::HttpServer503VerbosityProperty, &verbosity)
    }

    /// Waits for a request; or fetches that whose head did not fit, by its id. What is there of the body comes with it,
    /// if that is asked for.
    pub(crate) fn receive(
        self: &Arc<Self>,
        request: u64,
        mut buffer: RequestBuffer,
        with_body: bool,
    ) -> Pending<RequestBuffer> {
        let (address, size) = buffer.room();
        let flags = match with_body {
            true => api::HTTP_RECEIVE_REQUEST_FLAG_COPY_BODY,
            false => 0,
        };
        // SAFETY: the buffer's memory is on its heap, aligned, and as large as is said.
        unsafe {
            submit(self, buffer, |queue, bytes, overlapped| {
                api::HttpReceiveHttpRequest(queue, request, flags, address, size, bytes, overlapped)
            })
        }
    }

    /// Reads on in the body of a request, or in a connection that was handed over.
    pub(crate) fn receive_body(
        self: &Arc<Self>,
        request: u64,
        mut buffer: Vec<u8>,
    ) -> Pending<Vec<u8>> {
        let (address, size) = (buffer.as_mut_ptr(), buffer.len());
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        // SAFETY: the memory is the vector's, whose heap it stays on, and is no smaller than is said.
        unsafe {
            submit(self, buffer, |queue, bytes, overlapped| {
                api::HttpReceiveRequestEntityBody(
                    queue,
                    request,
                    0,
                    address.cast(),
                    size,
                    bytes,
                    overlapped,
                )
            })
        }
    }

    /// Sends the head of a response, and the chunks that it has.
    pub(crate) fn send(
        self: &Arc<Self>,
        request: u64,
        mut response: NativeResponse,
        flags: SendFlags,
    ) -> Pending<NativeResponse> {
        let (head, policy) = response.addresses();
        // SAFETY: the head, and whatever it points at, is on the heap and owned by `response`; the policy too, or it
        // is null.
        unsafe {
            submit(self, response, |queue, bytes, overlapped| {
                api::HttpSendHttpResponse(
                    queue,
                    request,
                    flags.bits(),
                    head,
                    policy,
                    bytes,
                    std::ptr::null(),
                    0,
                    overlapped,
                    std::ptr::null(),
                )
            })
        }
    }

    /// Sends more of a response, or of a connection that was handed over.
    pub(crate) fn send_body(
        self: &Arc<Self>,
        request: u64,
        mut chunks: Chunks,
        flags: SendFlags,
    ) -> Pending<Chunks> {
        let (address, count) = chunks.addresses();
        // SAFETY: the chunks, and whatever they point at, are on the heap and owned by `chunks`.
        unsafe {
            submit(self, chunks, |queue, bytes, overlapped| {
                api::HttpSendResponseEntityBody(
                    queue,
                    request,
                    flags.bits(),
                    count,
                    address,
                    bytes,
                    std::ptr::null(),
                    0,
                    overlapped,
                    std::ptr::null(),
                )
            })
        }
    }

    /// Waits until a connection is gone.
    pub(crate) fn disconnected(self: &Arc<Self>, connection: u64) -> Pending<()> {
        // SAFETY: no other address is given to the system.
        unsafe {
            submit(self, (), |queue, _, overlapped| {
                api::HttpWaitForDisconnectEx(queue, connection, 0, overlapped)
            })
        }
    }

    /// Hangs up on the client of a request: the connection is closed, or the stream reset, with this code where the
    /// system can say one. Nothing waits for it.
    pub(crate) fn hang_up(self: &Arc<Self>, request: u64, code: Option<u32>) {
        let platform = Platform::get();
        if !platform.is_complete() {
            return;
        }
        if let Some(code) = code {
            self.with_handle(|_, queue| platform.set_stream_error(queue, request, code));
        }
        // SAFETY: no other address is given to the system.
        let pending = unsafe {
            submit(self, (), |queue, _, overlapped| {
                api::HttpCancelHttpRequest(queue, request, overlapped)
            })
        };
        pending.detach();
    }

    /// Asks the client of a connection for its certificate. The buffer gets a head, and the certificate behind it.
    pub(crate) fn receive_certificate(
        self: &Arc<Self>,
        connection: u64,
        mut buffer: RequestBuffer,
    ) -> Pending<RequestBuffer> {
        let (address, size) = buffer.room();
        // SAFETY: the buffer's memory is on its heap, aligned, and as large as is said.
        unsafe {
            submit(self, buffer, |queue, bytes, overlapped| {
                api::HttpReceiveClientCertificate(
                    queue,
                    connection,
                    0,
                    address.cast(),
                    size,
                    bytes,
                    overlapped,
                )
            })
        }
    }

    /// Has the kernel put nothing more into the queue; who waits for a request is told that it was aborted.
    pub(crate) fn shut_down(&self) {
        if Platform::get().is_complete() {
            // SAFETY: the handle is open.
            self.with_handle(|_, queue| unsafe { api::HttpShutdownRequestQueue(queue) });
        }
    }

    /// Closes the queue, which ends every request that has no response yet, and every call.
    pub(crate) fn close(&self) {
        let closed = self
            .handle
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(handle) = &closed {
            // SAFETY: the handle is open. It fails if nothing is under way.
            unsafe { CancelIoEx(handle.0, std::ptr::null()) };
        }
        drop(closed);
    }

    pub(super) fn cancel_call(&self, overlapped: *mut OVERLAPPED) {
        // SAFETY: the handle is open. The address is compared with those of the calls that are under way.
        self.with_handle(|_, queue| unsafe { CancelIoEx(queue, overlapped) });
    }

    /// Does something with the handle, unless it is closed.
    pub(super) fn with_handle<R>(&self, act: impl FnOnce(&Port, HANDLE) -> R) -> Option<R> {
        let handle = self.handle.read().unwrap_or_else(PoisonError::into_inner);
        handle.as_ref().map(|handle| act(&self.port, handle.0))
    }

    fn set<T>(&self, property: api::HTTP_SERVER_PROPERTY, value: &T) -> io::Result<()> {
        let set = |_: &Port, queue| {
            // SAFETY: the handle is open, and the value has the size that is given. The caller pairs it with its
            // property.
            unsafe {
                api::HttpSetRequestQueueProperty(
                    queue,
                    property,
                    std::ptr::from_ref(value).cast(),
                    size_of::<T>() as u32,
                    0,
                    std::ptr::null(),
                )
            }
        };
        match self.with_handle(set) {
            Some(code) => check(code),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl fmt::Debug for RequestQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestQueue").finish_non_exhaustive()
    }
}

fn attach(name: Option<&[u16]>) -> io::Result<Handle> {
    create(
        name,
        None,
        api::HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING,
    )
}

/// Opens the queue of a name for requests that are handed to it. The name ends with NUL.
pub(super) fn open_target(name: &[u16]) -> io::Result<Handle> {
    let flags = api::HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING
        | api::HTTP_CREATE_REQUEST_QUEUE_FLAG_DELEGATION;
    create(Some(name), None, flags)
}

fn create(
    name: Option<&[u16]>,
    security: Option<&SecurityDescriptor>,
    flags: u32,
) -> io::Result<Handle> {
    let name = name.map_or(std::ptr::null(), <[u16]>::as_ptr);
    let attributes = security.map(SecurityDescriptor::attributes);
    let attributes = attributes
        .as_ref()
        .map_or(std::ptr::null(), std::ptr::from_ref);
    let mut queue = std::ptr::null_mut();
    // SAFETY: the name ends with NUL, or is null; the attributes point at a descriptor that `security` owns, or are
    // null; there is room for a handle.
    let created = unsafe {
        api::HttpCreateRequestQueue(super::session::VERSION, name, attributes, flags, &mut queue)
    };
    check(created)?;
    Ok(Handle(queue))
}

fn is_not_found(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(|code| code as u32);
    matches!(code, Some(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND))
}
