use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE, WAIT_TIMEOUT};
use windows_sys::Win32::Storage::FileSystem::SetFileCompletionNotificationModes;
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED_ENTRY,
    PostQueuedCompletionStatus,
};
use windows_sys::Win32::System::WindowsProgramming::FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;

use super::operation;

/// The key of the packet that ends the thread.
const QUIT: usize = 1;
/// How many packets are taken at a time.
const BATCH: usize = 64;
/// How long the thread waits for calls that were cancelled when the queue was closed, in milliseconds. What the
/// system has not ended by then it may still write to, and is never freed.
const PATIENCE: u32 = 10_000;

/// A completion port, and the thread that takes its packets and wakes who waits for them.
///
/// When it is dropped the thread ends behind the last call that is under way.
#[derive(Debug)]
pub(super) struct Port(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    handle: HANDLE,
    under_way: AtomicUsize,
}

// SAFETY: a handle is a number, and a completion port may be used from any thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Port {
    pub(super) fn start() -> io::Result<Self> {
        // SAFETY: no handle is associated yet: this makes a port, for as many threads as there are processors.
        let handle =
            unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, std::ptr::null_mut(), 0, 0) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        let shared = Arc::new(Shared {
            handle,
            under_way: AtomicUsize::new(0),
        });
        let taking = Arc::clone(&shared);
        thread::Builder::new()
            .name("http-sys".into())
            .spawn(move || take(&taking))?;
        Ok(Self(shared))
    }

    /// Has the packets of a handle come to this port: one for each call that did not end at once.
    pub(super) fn attach(&self, handle: HANDLE) -> io::Result<()> {
        // SAFETY: the caller's handle is open, and was opened for overlapped calls; the port is open.
        let attached = unsafe { CreateIoCompletionPort(handle, self.0.handle, 0, 0) };
        if attached.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open.
        let skips = unsafe {
            SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS as u8)
        };
        match skips {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// Counts a call that is about to be made.
    pub(super) fn begun(&self) {
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes back the count of a call that ended at once.
    pub(super) fn ended_at_once(&self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // SAFETY: the port is open. Should it fail the thread is left, and with it nothing that is used.
        unsafe { PostQueuedCompletionStatus(self.0.handle, 0, QUIT, std::ptr::null()) };
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: it was opened by `start`, and this is its last owner.
        unsafe { CloseHandle(self.handle) };
    }
}

fn take(shared: &Shared) {
    let mut entries = [OVERLAPPED_ENTRY::default(); BATCH];
    let mut quits = false;
    while !(quits && shared.under_way.load(Ordering::Acquire) == 0) {
        let mut taken = 0;
        let patience = if quits { PATIENCE } else { u32::MAX };
        // SAFETY: there is room for as many entries as is said, and the port is open as long as `shared` lives.
        let waited = unsafe {
            GetQueuedCompletionStatusEx(
                shared.handle,
                entries.as_mut_ptr(),
                BATCH as u32,
                &mut taken,
                patience,
                0,
            )
        };
        if waited == 0 {
            let gave_up = io::Error::last_os_error().raw_os_error() == Some(WAIT_TIMEOUT as i32);
            if gave_up && !quits {
                continue;
            }
            return;
        }
        for entry in &entries[..taken as usize] {
            if entry.lpCompletionKey == QUIT {
                quits = true;
            } else if !entry.lpOverlapped.is_null() {
                shared.under_way.fetch_sub(1, Ordering::AcqRel);
                // SAFETY: only `operation` makes overlapped calls on handles of this port, and each packet comes once.
                unsafe { operation::complete(entry) };
            }
        }
    }
}
