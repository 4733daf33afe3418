use std::io;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{
    GetTokenInformation, LookupAccountSidW, SID_NAME_USE, TOKEN_USER, TokenUser,
};

pub(super) type RawToken = HANDLE;

/// An access token: as whom the client has authenticated itself.
#[derive(Debug)]
pub(crate) struct Token(HANDLE);

// SAFETY: a handle is a number, and a token may be used from any thread.
unsafe impl Send for Token {}
// SAFETY: as above.
unsafe impl Sync for Token {}

impl Token {
    /// Takes a handle that the system gave away, if it is one.
    pub(super) fn own(handle: RawToken) -> Option<Self> {
        (!handle.is_null()).then_some(Self(handle))
    }

    pub(super) fn close(handle: RawToken) {
        drop(Self::own(handle));
    }

    /// Returns the name of the account: domain, backslash, user.
    pub(crate) fn account(&self) -> io::Result<String> {
        // Of 64-bit numbers, for it begins with an address.
        let mut buffer = [0_u64; 64];
        let mut needed = 0;
        // SAFETY: the handle is open, and the buffer as large as is said. A user's SID has at most 68 bytes.
        let got = unsafe {
            GetTokenInformation(
                self.0,
                TokenUser,
                buffer.as_mut_ptr().cast(),
                size_of_val(&buffer) as u32,
                &mut needed,
            )
        };
        if got == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was filled with this struct; the SID that it points at is in the buffer too.
        let user = unsafe { buffer.as_ptr().cast::<TOKEN_USER>().read() };
        let (mut name, mut domain) = ([0_u16; 257], [0_u16; 257]);
        let (mut name_length, mut domain_length) = (name.len() as u32, domain.len() as u32);
        let mut kind: SID_NAME_USE = 0;
        // SAFETY: the SID is whole, and there is room for as many characters as is said.
        let found = unsafe {
            LookupAccountSidW(
                std::ptr::null(),
                user.User.Sid,
                name.as_mut_ptr(),
                &mut name_length,
                domain.as_mut_ptr(),
                &mut domain_length,
                &mut kind,
            )
        };
        if found == 0 {
            return Err(io::Error::last_os_error());
        }
        let text = |units: &[u16], length: u32| {
            String::from_utf16_lossy(units.get(..length as usize).unwrap_or_default())
        };
        Ok(format!(
            "{}\\{}",
            text(&domain, domain_length),
            text(&name, name_length)
        ))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and this is its owner.
        unsafe { CloseHandle(self.0) };
    }
}
