use std::io;

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA};
use windows_sys::Win32::Networking::HttpServer as api;

use super::RequestQueue;
use super::platform::{Platform, check, error};

/// Most properties fit.
const SIZE: usize = 1024;
/// More than the system has to say, whatever it claims.
const LARGEST: usize = 1 << 20;
/// `HttpRequestPropertyTlsCipherInfo`, which `windows-sys` does not know yet; and the size of `SecPkgContext_CipherInfo`.
const CIPHER_INFO: api::HTTP_REQUEST_PROPERTY = 14;
const CIPHER_INFO_SIZE: usize = 680;

impl RequestQueue {
    /// Returns a property of a request, which has a number, as the system writes it.
    pub(crate) fn property(
        &self,
        request: u64,
        property: i32,
        qualifier: &[u8],
    ) -> io::Result<Vec<u8>> {
        let mut size = SIZE;
        loop {
            let mut output = Output::new(size);
            let (code, written) = self.query(request, property, qualifier, &mut output)?;
            match code {
                0 => return Ok(output.bytes().take(written).collect()),
                ERROR_MORE_DATA | ERROR_INSUFFICIENT_BUFFER
                    if (size + 1..=LARGEST).contains(&written) =>
                {
                    size = written;
                }
                code => return Err(error(code)),
            }
        }
    }

    /// Returns the name that the client of a connection over TLS asked for, in the handshake.
    pub(crate) fn server_name(&self, request: u64) -> io::Result<Option<String>> {
        let mut output = Output::new(size_of::<api::HTTP_REQUEST_PROPERTY_SNI>());
        let (code, _) = self.query(request, api::HttpRequestPropertySni, &[], &mut output)?;
        check(code)?;
        Ok(server_name(&output.bytes().collect::<Vec<_>>()))
    }

    /// Returns the name of the cipher suite of a connection over TLS, where the system tells.
    pub(crate) fn cipher_suite(&self, request: u64) -> io::Result<Option<String>> {
        if !Platform::get().has_cipher_info() {
            return Ok(None);
        }
        let mut output = Output::new(CIPHER_INFO_SIZE);
        let (code, _) = self.query(request, CIPHER_INFO, &[], &mut output)?;
        check(code)?;
        Ok(cipher_suite(&output.bytes().collect::<Vec<_>>()))
    }

    /// Returns with what code the system has answered, and how many bytes it has written, or would have.
    fn query(
        &self,
        request: u64,
        property: i32,
        qualifier: &[u8],
        output: &mut Output,
    ) -> io::Result<(u32, usize)> {
        let Some(query) = Platform::get().query_request_property() else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let qualifier_size = u32::try_from(qualifier.len()).map_err(too_long)?;
        let qualifier = match qualifier {
            [] => std::ptr::null(),
            qualifier => qualifier.as_ptr(),
        };
        let mut written = 0;
        let queried = self.with_handle(|_, queue| {
            // SAFETY: the handle is open; there is a qualifier of as many bytes as is said, or none, and no less room than
            // is said. Nothing is overlapped.
            unsafe {
                query(
                    queue,
                    request,
                    property,
                    qualifier.cast(),
                    qualifier_size,
                    output.numbers.as_mut_ptr().cast(),
                    output.room as u32,
                    &mut written,
                    std::ptr::null(),
                )
            }
        });
        match queried {
            Some(code) => Ok((code, written as usize)),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Memory for a property.
struct Output {
    /// Of 64 bits, for some properties are made of those.
    numbers: Vec<u64>,
    /// In bytes, and no more than there are.
    room: usize,
}

impl Output {
    fn new(room: usize) -> Self {
        let room = room.min(LARGEST);
        Self {
            numbers: vec![0; room.div_ceil(size_of::<u64>())],
            room,
        }
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        let bytes = self.numbers.into_iter().flat_map(u64::to_ne_bytes);
        bytes.take(self.room)
    }
}

/// Reads `HTTP_REQUEST_PROPERTY_SNI`: a text that ends with NUL, of 256 characters at most, and flags.
fn server_name(property: &[u8]) -> Option<String> {
    const TEXT: usize = 2 * (api::HTTP_REQUEST_PROPERTY_SNI_HOST_MAX_LENGTH as usize + 1);
    let (name, rest) = property.split_at_checked(TEXT)?;
    let flags = u32::from_ne_bytes(*rest.first_chunk()?);
    if flags & api::HTTP_REQUEST_PROPERTY_SNI_FLAG_NO_SNI != 0 {
        return None;
    }
    text(name).map(|name| name.to_ascii_lowercase())
}

/// Reads `SecPkgContext_CipherInfo`: four numbers, and then the suite in 64 characters, before what is of no use here.
fn cipher_suite(property: &[u8]) -> Option<String> {
    text(property.get(16..16 + 2 * 64)?)
}

/// Reads UTF-16 up to a NUL, or to its end. `None` if there is nothing.
fn text(bytes: &[u8]) -> Option<String> {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_ne_bytes(*unit));
    let units: Vec<_> = units.take_while(|unit| *unit != 0).collect();
    let text = String::from_utf16(&units).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_server_is_read_as_it_is_laid_out() {
        use std::mem::offset_of;
        type Sni = api::HTTP_REQUEST_PROPERTY_SNI;
        assert_eq!((size_of::<Sni>(), offset_of!(Sni, Flags)), (516, 512));
        let of = |name: &str, flags: u32| {
            let mut units: Vec<u16> = name.encode_utf16().collect();
            units.resize(256, 0);
            let mut bytes: Vec<u8> = units.into_iter().flat_map(u16::to_ne_bytes).collect();
            bytes.extend(flags.to_ne_bytes());
            bytes
        };
        let used = api::HTTP_REQUEST_PROPERTY_SNI_FLAG_SNI_USED;
        let none = api::HTTP_REQUEST_PROPERTY_SNI_FLAG_NO_SNI;
        let longest = "a".repeat(256);
        for (bytes, name) in [
            (of("Example.COM", used), Some("example.com")),
            (of("example.com", 0), Some("example.com")),
            (of(&longest, used), Some(longest.as_str())),
            (of("example.com", none), None),
            (of("", used), None),
            (of("example.com", used)[..514].to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(server_name(&bytes).as_deref(), name);
        }
    }

    #[test]
    fn the_cipher_suite_is_read_as_it_is_laid_out() {
        let name = "TLS_AES_256_GCM_SHA384";
        let mut bytes = [0_u8; CIPHER_INFO_SIZE];
        bytes[..16].fill(1);
        for (place, unit) in bytes[16..].chunks_mut(2).zip(name.encode_utf16()) {
            place.copy_from_slice(&unit.to_ne_bytes());
        }
        assert_eq!(cipher_suite(&bytes).as_deref(), Some(name));
        assert_eq!(cipher_suite(&[0; CIPHER_INFO_SIZE]), None);
        assert_eq!(cipher_suite(&bytes[..100]), None);
    }
}
