use std::io;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES};

use super::platform::wide;

/// Who may do what with something.
#[derive(Debug)]
pub(crate) struct SecurityDescriptor(PSECURITY_DESCRIPTOR);

impl SecurityDescriptor {
    /// Reads one that is written in SDDL.
    pub(crate) fn parse(sddl: &str) -> io::Result<Self> {
        let sddl = wide(sddl);
        let mut descriptor: PSECURITY_DESCRIPTOR = std::ptr::null_mut();
        // SAFETY: the text ends with NUL, and there is room for an address. The last may be null.
        let read = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                std::ptr::null_mut(),
            )
        };
        match read {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(Self(descriptor)),
        }
    }

    /// Returns what something is made with. It points at this.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for SecurityDescriptor {
    fn drop(&mut self) {
        // SAFETY: the system has allocated it so, and this is its owner.
        unsafe { LocalFree(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_read_and_what_is_none_is_refused() {
        for sddl in ["D:(A;;GA;;;BA)", "O:SYD:(A;;GRGW;;;AU)(D;;GA;;;BG)", "D:"] {
            let read = SecurityDescriptor::parse(sddl).unwrap();
            let attributes = read.attributes();
            assert!(!attributes.lpSecurityDescriptor.is_null(), "{sddl}");
            assert_eq!(attributes.nLength, 24);
        }
        for none in ["everybody", "D:(A;;GA;;;NOBODY)", "D:(A;;GA"] {
            assert!(SecurityDescriptor::parse(none).is_err(), "{none}");
        }
    }
}
