use std::fmt;
use std::io;
use std::sync::Weak;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer as api;

use super::platform::{Platform, check, wide};
use super::queue::{Handle, open_target};
use super::{RequestQueue, UrlGroup};

/// A queue that requests of a group may be handed to. Dropping it takes that back.
pub(crate) struct Target {
    handle: Handle,
    group: Weak<UrlGroup>,
}

impl Target {
    /// Opens the queue of a name, and lets the requests of a group be handed to it.
    pub(crate) fn open(name: &str, group: &Weak<UrlGroup>) -> io::Result<Self> {
        if name.contains('\0') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        let source = group.upgrade().ok_or_else(gone)?;
        let mut target = Self {
            handle: open_target(&wide(name))?,
            group: Weak::new(),
        };
        source.allow_delegation(&target, true)?;
        // Not before: it would take back what another has been allowed.
        target.group = Weak::clone(group);
        Ok(target)
    }

    pub(super) fn handle(&self) -> HANDLE {
        self.handle.0
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(group) = self.group.upgrade() {
            // There is nothing to do about a failure.
            let _ = group.allow_delegation(self, false);
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

impl RequestQueue {
    /// Hands a request to another queue, as if it had come for this prefix there.
    pub(crate) fn delegate(&self, request: u64, target: &Target, prefix: &str) -> io::Result<()> {
        let Some(delegate) = Platform::get().delegate_request() else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let mut prefix = wide(prefix);
        let property = api::HTTP_DELEGATE_REQUEST_PROPERTY_INFO {
            PropertyId: api::DelegateRequestDelegateUrlProperty,
            // In bytes, without the NUL. A prefix is short.
            PropertyInfoLength: (size_of::<u16>() * (prefix.len() - 1)) as u32,
            PropertyInfo: prefix.as_mut_ptr().cast(),
        };
        // Of no group: the system finds that of the prefix, also when its owner was started anew meanwhile.
        let group = 0;
        let delegated = self.with_handle(|_, queue| {
            // SAFETY: both handles are open, and there is one property, which points at as many bytes as is said. All is
            // read before the call returns.
            unsafe { delegate(queue, target.handle(), request, group, 1, &property) }
        });
        match delegated {
            Some(code) => check(code),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_to_the_system_is_laid_out_as_it_documents_it() {
        use std::mem::offset_of;
        type Property = api::HTTP_DELEGATE_REQUEST_PROPERTY_INFO;
        assert_eq!(size_of::<Property>(), 16);
        assert_eq!(offset_of!(Property, PropertyInfoLength), 4);
        assert_eq!(offset_of!(Property, PropertyInfo), 8);
        assert_eq!(size_of::<api::HTTP_BINDING_INFO>(), 16);
        assert_eq!(offset_of!(api::HTTP_BINDING_INFO, RequestQueueHandle), 8);
    }
}
