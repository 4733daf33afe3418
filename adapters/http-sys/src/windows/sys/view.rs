use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use windows_sys::Win32::Networking::HttpServer as api;
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use super::Token;

/// Memory that the system writes a request into, and all that it points at.
pub(crate) struct RequestBuffer(Vec<u64>);

impl RequestBuffer {
    /// Returns one of at least so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let least = size_of::<api::HTTP_REQUEST_V2>();
        Self(vec![0; bytes.max(least).div_ceil(size_of::<u64>())])
    }

    /// Returns the id of the request whose head did not fit.
    pub(crate) fn request_id(&self) -> u64 {
        self.view().head().Base.RequestId
    }

    /// Returns what was received.
    pub(crate) fn received(&self) -> Received<'_> {
        let view = self.view();
        Received {
            head: view.head(),
            view,
        }
    }

    /// Returns what else the kernel says of a request that was received: of what kind, and the bytes.
    pub(crate) fn infos(&self) -> impl Iterator<Item = (i32, &[u8])> {
        let view = self.view();
        let received = self.received();
        let (first, count) = (received.head.pRequestInfo, received.head.RequestInfoCount);
        let infos = view.read_all(first.cast_const(), count);
        infos.filter_map(move |info| {
            let bytes = view.slice(
                info.pInfo.cast_const().cast::<u8>(),
                info.InfoLength as usize,
            )?;
            Some((info.InfoType, bytes))
        })
    }

    /// Returns the certificate that was received.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        let view = self.view();
        let head: CertificateHead = view.read(view.bytes.as_ptr().cast())?;
        Token::close(head.token);
        view.slice(head.encoded, head.encoded_size as usize)
            .filter(|certificate| !certificate.is_empty())
    }

    /// Returns how many bytes are needed for the certificate that did not fit.
    pub(crate) fn certificate_size(&self) -> usize {
        let view = self.view();
        let head: Option<CertificateHead> = view.read(view.bytes.as_ptr().cast());
        let encoded = head.map_or(0, |head| head.encoded_size as usize);
        size_of::<CertificateHead>() + encoded
    }

    /// Where to write, and how much. The memory stays where it is when the buffer is moved.
    pub(super) fn room(&mut self) -> (*mut api::HTTP_REQUEST_V2, u32) {
        let bytes = size_of_val(self.0.as_slice());
        (
            self.0.as_mut_ptr().cast(),
            u32::try_from(bytes).unwrap_or(u32::MAX),
        )
    }

    fn view(&self) -> View<'_> {
        let bytes = size_of_val(self.0.as_slice());
        View {
            // SAFETY: it is memory of the vector, all of it written when it was made, seen as bytes.
            bytes: unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), bytes) },
        }
    }
}

/// What an address points at is read by its place in the buffer, and what lies outside is not there. So no mistake of a
/// driver's is read as memory.
#[derive(Clone, Copy)]
struct View<'a> {
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    fn head(self) -> api::HTTP_REQUEST_V2 {
        // A buffer is never smaller.
        self.read(self.bytes.as_ptr().cast()).unwrap_or_default()
    }

    fn slice<T>(self, address: *const T, length: usize) -> Option<&'a [u8]> {
        let at = address.addr().checked_sub(self.bytes.as_ptr().addr())?;
        self.bytes.get(at..at.checked_add(length)?)
    }

    /// Reads a struct, which need not be aligned: some drivers pack them.
    fn read<T: Plain>(self, address: *const T) -> Option<T> {
        let bytes = self.slice(address, size_of::<T>())?;
        // SAFETY: there are as many bytes as it has, and any bytes are a value of it.
        Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
    }

    fn read_all<T: Plain + 'a>(self, first: *const T, count: u16) -> impl Iterator<Item = T> + 'a {
        (0..usize::from(count)).map_while(move |index| self.read(first.wrapping_add(index)))
    }

    fn text(self, address: *const u8, length: u16) -> &'a [u8] {
        self.slice(address, usize::from(length)).unwrap_or_default()
    }
}

/// A struct of numbers and addresses: any bytes are a value of it.
///
/// # Safety
///
/// It has no field of which some bytes are no value, such as a `bool` or a reference.
unsafe trait Plain: Copy {}

// SAFETY: numbers and addresses, and so for all of these.
unsafe impl Plain for api::HTTP_REQUEST_V2 {}
// SAFETY: as above.
unsafe impl Plain for api::HTTP_UNKNOWN_HEADER {}
// SAFETY: as above; its union is of structs of these.
unsafe impl Plain for api::HTTP_DATA_CHUNK {}
// SAFETY: as above.
unsafe impl Plain for api::HTTP_REQUEST_INFO {}
// SAFETY: as above.
unsafe impl Plain for api::HTTP_REQUEST_AUTH_INFO {}
// SAFETY: as above.
unsafe impl Plain for api::HTTP_SSL_PROTOCOL_INFO {}
// SAFETY: as above.
unsafe impl Plain for api::HTTP_SSL_INFO {}
// SAFETY: as above.
unsafe impl Plain for CertificateHead {}
// SAFETY: as above.
unsafe impl Plain for [u8; 28] {}
// SAFETY: as above.
unsafe impl Plain for [u8; 8] {}

/// `HTTP_SSL_CLIENT_CERT_INFO`, whose last field is a byte that Rust would have be 0 or 1.
#[repr(C)]
#[derive(Clone, Copy)]
struct CertificateHead {
    flags: u32,
    encoded_size: u32,
    encoded: *const u8,
    token: super::token::RawToken,
    denied: u8,
}

/// A request, as the kernel parsed it.
pub(crate) struct Received<'a> {
    view: View<'a>,
    head: api::HTTP_REQUEST_V2,
}

/// What the kernel agreed on with the client over TLS.
#[derive(Debug)]
pub(crate) struct Secured {
    /// Bits of Schannel: which version.
    pub(crate) protocol: Option<u32>,
    /// In DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl<'a> Received<'a> {
    pub(crate) fn id(&self) -> u64 {
        self.head.Base.RequestId
    }

    /// Returns the id to ask about the connection with; each stream of HTTP/2 has its own.
    pub(crate) fn connection(&self) -> u64 {
        self.head.Base.ConnectionId
    }

    /// Returns the id that all requests of one connection share.
    pub(crate) fn raw_connection(&self) -> u64 {
        match self.head.Base.RawConnectionId {
            0 => self.connection(),
            id => id,
        }
    }

    pub(crate) fn context(&self) -> u64 {
        self.head.Base.UrlContext
    }

    /// Returns the version: major and minor. The kernel says of HTTP/2 and HTTP/3 by flags.
    pub(crate) fn version(&self) -> (u16, u16) {
        let flags = self.head.Base.Flags;
        match () {
            () if flags & api::HTTP_REQUEST_FLAG_HTTP3 != 0 => (3, 0),
            () if flags & api::HTTP_REQUEST_FLAG_HTTP2 != 0 => (2, 0),
            () => {
                let version = self.head.Base.Version;
                (version.MajorVersion, version.MinorVersion)
            }
        }
    }

    /// Returns the method: a number that the kernel has for it, and its name if it has none.
    pub(crate) fn verb(&self) -> (i32, &'a [u8]) {
        let base = &self.head.Base;
        let name = self.view.text(base.pUnknownVerb, base.UnknownVerbLength);
        (base.Verb, name)
    }

    /// Returns the target as it was sent.
    pub(crate) fn target(&self) -> &'a [u8] {
        let base = &self.head.Base;
        self.view.text(base.pRawUrl, base.RawUrlLength)
    }

    /// Returns the fields that the kernel has numbers for, by number.
    pub(crate) fn known_fields(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let fields = self.head.Base.Headers.KnownHeaders;
        let view = self.view;
        fields
            .into_iter()
            .enumerate()
            .filter(|(_, field)| !field.pRawValue.is_null())
            .map(move |(id, field)| (id, view.text(field.pRawValue, field.RawValueLength)))
    }

    /// Returns the other fields.
    pub(crate) fn unknown_fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let headers = &self.head.Base.Headers;
        let view = self.view;
        view.read_all(
            headers.pUnknownHeaders.cast_const(),
            headers.UnknownHeaderCount,
        )
        .map(move |field| {
            (
                view.text(field.pName, field.NameLength),
                view.text(field.pRawValue, field.RawValueLength),
            )
        })
    }

    /// Returns what of the body came with the head.
    pub(crate) fn content(&self) -> impl Iterator<Item = &'a [u8]> {
        let base = &self.head.Base;
        let view = self.view;
        view.read_all(base.pEntityChunks.cast_const(), base.EntityChunkCount)
            .filter(|chunk| chunk.DataChunkType == api::HttpDataChunkFromMemory)
            .filter_map(move |chunk| {
                // SAFETY: the type says that it is this one; and any bytes are a value of each.
                let memory = unsafe { chunk.Anonymous.FromMemory };
                view.slice(memory.pBuffer.cast_const(), memory.BufferLength as usize)
            })
    }

    /// Returns whether there is more of the body than came with the head.
    pub(crate) fn has_more_content(&self) -> bool {
        self.head.Base.Flags & api::HTTP_REQUEST_FLAG_MORE_ENTITY_BODY_EXISTS != 0
    }

    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.socket_addr(self.head.Base.Address.pRemoteAddress.cast())
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.socket_addr(self.head.Base.Address.pLocalAddress.cast())
    }

    /// Returns what is known of TLS; `None` without.
    pub(crate) fn secured(&self) -> Option<Secured> {
        let base = &self.head.Base;
        if base.pSslInfo.is_null() {
            return None;
        }
        let ssl = self.view.read(base.pSslInfo.cast_const())?;
        let certificate = self
            .view
            .read::<CertificateHead>(ssl.pClientCertInfo.cast_const().cast())
            .and_then(|head| {
                Token::close(head.token);
                self.view.slice(head.encoded, head.encoded_size as usize)
            })
            .map(<[u8]>::to_vec);
        let protocol = self
            .info::<api::HTTP_SSL_PROTOCOL_INFO>(api::HttpRequestInfoTypeSslProtocol)
            .map(|info| info.Protocol);
        Some(Secured {
            protocol,
            certificate,
        })
    }

    /// Returns who the client is, and how that is known; `None` unless the kernel has authenticated it. To be asked
    /// once: the token is closed by who has it.
    pub(crate) fn user(&self) -> Option<(Token, i32)> {
        let info: api::HTTP_REQUEST_AUTH_INFO = self.info(api::HttpRequestInfoTypeAuth)?;
        let token = Token::own(info.AccessToken);
        (info.AuthStatus == api::HttpAuthStatusSuccess)
            .then_some(token)
            .flatten()
            .map(|token| (token, info.AuthType))
    }

    fn info<T: Plain>(&self, kind: api::HTTP_REQUEST_INFO_TYPE) -> Option<T> {
        let (first, count) = (self.head.pRequestInfo, self.head.RequestInfoCount);
        let mut infos = self.view.read_all(first.cast_const(), count);
        let info = infos.find(|info| info.InfoType == kind)?;
        self.view.read(info.pInfo.cast_const().cast())
    }

    fn socket_addr(&self, address: *const u8) -> Option<SocketAddr> {
        let [low, high, ..] = self.view.read::<[u8; 8]>(address.cast())?;
        let family = u16::from_ne_bytes([low, high]);
        if family == AF_INET {
            let [_, _, p, q, a, b, c, d] = self.view.read::<[u8; 8]>(address.cast())?;
            let ip = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
            return Some(SocketAddr::new(ip, u16::from_be_bytes([p, q])));
        }
        if family != AF_INET6 {
            return None;
        }
        let bytes = self.view.read::<[u8; 28]>(address.cast())?;
        let ip: [u8; 16] = bytes[8..24].try_into().ok()?;
        let ip = IpAddr::V6(Ipv6Addr::from(ip));
        Some(SocketAddr::new(
            ip,
            u16::from_be_bytes([bytes[2], bytes[3]]),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the entries are, and what they point at: neither is aligned.
    const ENTRIES: usize = size_of::<api::HTTP_REQUEST_V2>() + 3;
    const CONTENT: usize = ENTRIES + 100;

    /// Returns a buffer as the system fills it: with entries that point at so many bytes, so far into the buffer.
    fn filled(entries: &[(i32, u32, usize)]) -> RequestBuffer {
        let mut buffer = RequestBuffer::new(2048);
        let (head, _) = buffer.room();
        let start = head.cast::<u8>();
        for (index, byte) in (0..200_u8).enumerate() {
            // SAFETY: the buffer is as large.
            unsafe { start.add(CONTENT + index).write(byte) };
        }
        let first = start.wrapping_add(ENTRIES).cast::<api::HTTP_REQUEST_INFO>();
        for (index, (kind, length, at)) in entries.iter().enumerate() {
            let info = api::HTTP_REQUEST_INFO {
                InfoType: *kind,
                InfoLength: *length,
                pInfo: start.wrapping_add(*at).cast(),
            };
            // SAFETY: as above.
            unsafe { first.wrapping_add(index).write_unaligned(info) };
        }
        // SAFETY: the head is the buffer's, and aligned.
        unsafe {
            (*head).RequestInfoCount = entries.len() as u16;
            (*head).pRequestInfo = first;
        }
        buffer
    }

    #[test]
    fn entries_are_read_where_they_are() {
        let filled = filled(&[(5, 3, CONTENT), (7, 0, CONTENT), (9, 2, CONTENT + 10)]);
        let infos: Vec<_> = filled.infos().collect();
        assert_eq!(infos, [(5, &[0, 1, 2][..]), (7, &[]), (9, &[10, 11])]);
        assert_eq!(RequestBuffer::new(0).infos().count(), 0);
    }

    #[test]
    fn entries_that_point_elsewhere_are_not_there() {
        let entries = [
            (1, 1, 5000),
            (2, 5000, CONTENT),
            (3, u32::MAX, CONTENT),
            (4, 1, 0_usize.wrapping_sub(8)),
            (5, 1, CONTENT),
        ];
        let filled = filled(&entries);
        let infos: Vec<_> = filled.infos().collect();
        assert_eq!(infos, [(5, &[0][..])]);
    }
}
