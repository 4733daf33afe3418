use std::io;

use bytes::Bytes;
use windows_sys::Win32::Networking::HttpServer as api;

use super::Challenges;

/// How something is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendFlags {
    /// More follows.
    pub(crate) more: bool,
    /// The connection is closed behind it.
    pub(crate) disconnect: bool,
    /// What follows is no HTTP.
    pub(crate) opaque: bool,
    /// The call ends when the kernel has the data, before the client has.
    pub(crate) buffer: bool,
    /// The client of HTTP/2 or HTTP/3 is told to go elsewhere with its next requests.
    pub(crate) go_away: bool,
}

impl SendFlags {
    pub(super) fn bits(self) -> u32 {
        [
            (self.more, api::HTTP_SEND_RESPONSE_FLAG_MORE_DATA),
            (self.disconnect, api::HTTP_SEND_RESPONSE_FLAG_DISCONNECT),
            (self.opaque, api::HTTP_SEND_RESPONSE_FLAG_OPAQUE),
            (self.buffer, api::HTTP_SEND_RESPONSE_FLAG_BUFFER_DATA),
            (self.go_away, api::HTTP_SEND_RESPONSE_FLAG_GOAWAY),
        ]
        .into_iter()
        .filter_map(|(is_set, bit)| is_set.then_some(bit))
        .sum()
    }
}

/// The head of a response, and chunks of its body.
pub(crate) struct NativeResponse {
    /// One, on the heap.
    head: Vec<api::HTTP_RESPONSE_V2>,
    /// One or none.
    policy: Vec<api::HTTP_CACHE_POLICY>,
    unknown: Vec<api::HTTP_UNKNOWN_HEADER>,
    /// What the fields point at.
    text: Vec<u8>,
    chunks: Chunks,
    challenges: Option<Challenges>,
}

// SAFETY: all addresses in it are of memory that it owns.
unsafe impl Send for NativeResponse {}

impl NativeResponse {
    /// Returns a response of a status and a reason, and for how many seconds the kernel may answer with it again. Of each field there is the number that the kernel has for it, or
    /// else its name, and the value.
    ///
    /// # Errors
    ///
    /// A name or a value has more than 65,535 bytes, or there are more fields or chunks.
    pub(crate) fn new<'a>(
        status: u16,
        reason: &str,
        fields: impl Iterator<Item = (Result<usize, &'a str>, &'a [u8])>,
        chunks: Chunks,
        policy: Option<u32>,
    ) -> io::Result<Self> {
        let mut text = Text::default();
        let reason = text.add(reason.as_bytes())?;
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (name, value) in fields {
            match name {
                Ok(id) => known.push((id, text.add(value)?)),
                Err(name) => unknown.push((text.add(name.as_bytes())?, text.add(value)?)),
            }
        }
        // From here on it stays where it is.
        let text = text.0;
        let at = |part: Part| text[part.start..].as_ptr();
        let mut head = api::HTTP_RESPONSE_V2::default();
        // The kernel answers in the version of the request, and wants to be told this one.
        head.Base.Version = api::HTTP_VERSION {
            MajorVersion: 1,
            MinorVersion: 1,
        };
        head.Base.StatusCode = status;
        head.Base.ReasonLength = reason.length;
        head.Base.pReason = at(reason);
        for (id, part) in known {
            let Some(field) = head.Base.Headers.KnownHeaders.get_mut(id) else {
                return Err(too_much());
            };
            field.RawValueLength = part.length;
            field.pRawValue = at(part);
        }
        let mut unknown: Vec<_> = unknown
            .into_iter()
            .map(|(name, value)| api::HTTP_UNKNOWN_HEADER {
                NameLength: name.length,
                RawValueLength: value.length,
                pName: at(name),
                pRawValue: at(value),
            })
            .collect();
        head.Base.Headers.UnknownHeaderCount = count(unknown.len())?;
        head.Base.Headers.pUnknownHeaders = unknown.as_mut_ptr();
        let mut chunks = chunks;
        let (first, number) = chunks.addresses();
        head.Base.EntityChunkCount = number;
        head.Base.pEntityChunks = first.cast_mut();
        let policy = policy.map(|seconds| api::HTTP_CACHE_POLICY {
            Policy: api::HttpCachePolicyTimeToLive,
            SecondsToLive: seconds,
        });
        Ok(Self {
            head: vec![head],
            policy: policy.into_iter().collect(),
            unknown,
            text,
            chunks,
            challenges: None,
        })
    }

    /// Adds several challenges.
    pub(crate) fn with_challenges(mut self, mut challenges: Challenges) -> Self {
        let (info, number) = challenges.info();
        for head in &mut self.head {
            head.pResponseInfo = info;
            head.ResponseInfoCount = number;
        }
        self.challenges = Some(challenges);
        self
    }

    /// Where the head is, and the policy or null. What they point at stays there when this is moved.
    pub(super) fn addresses(
        &mut self,
    ) -> (*const api::HTTP_RESPONSE_V2, *const api::HTTP_CACHE_POLICY) {
        let policy = match self.policy.is_empty() {
            true => std::ptr::null(),
            false => self.policy.as_ptr(),
        };
        (self.head.as_ptr(), policy)
    }
}

impl std::fmt::Debug for NativeResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeResponse")
            .field("unknown", &self.unknown.len())
            .field("text", &self.text.len())
            .field("chunks", &self.chunks)
            .field("challenges", &self.challenges.is_some())
            .finish_non_exhaustive()
    }
}

/// Pieces of a body, and trailers behind them.
#[derive(Default)]
pub(crate) struct Chunks {
    native: Vec<api::HTTP_DATA_CHUNK>,
    _data: Vec<Bytes>,
    _trailers: Vec<api::HTTP_UNKNOWN_HEADER>,
    _text: Vec<u8>,
}

// SAFETY: all addresses in it are of memory that it owns, which nobody writes to.
unsafe impl Send for Chunks {}

impl Chunks {
    /// Returns the chunks of these bytes.
    ///
    /// # Errors
    ///
    /// There are more than 65,535.
    pub(crate) fn new(data: Vec<Bytes>) -> io::Result<Self> {
        let mut native = Vec::with_capacity(data.len());
        for piece in data
            .iter()
            .flat_map(|bytes| bytes.chunks(u32::MAX as usize))
        {
            let mut chunk = api::HTTP_DATA_CHUNK {
                DataChunkType: api::HttpDataChunkFromMemory,
                ..api::HTTP_DATA_CHUNK::default()
            };
            chunk.Anonymous.FromMemory = api::HTTP_DATA_CHUNK_0_0 {
                // Read alone, whatever its type says.
                pBuffer: piece.as_ptr().cast_mut().cast(),
                BufferLength: piece.len() as u32,
            };
            native.push(chunk);
        }
        count(native.len())?;
        Ok(Self {
            native,
            _data: data,
            ..Self::default()
        })
    }

    /// Returns the trailers of HTTP/2 or HTTP/3, which end a body.
    ///
    /// # Errors
    ///
    /// A name or a value has more than 65,535 bytes, or there are more fields.
    pub(crate) fn trailers<'a>(
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> io::Result<Self> {
        let mut text = Text::default();
        let mut parts = Vec::new();
        for (name, value) in fields {
            parts.push((text.add(name.as_bytes())?, text.add(value)?));
        }
        let text = text.0;
        let at = |part: Part| text[part.start..].as_ptr();
        let mut trailers: Vec<_> = parts
            .into_iter()
            .map(|(name, value)| api::HTTP_UNKNOWN_HEADER {
                NameLength: name.length,
                RawValueLength: value.length,
                pName: at(name),
                pRawValue: at(value),
            })
            .collect();
        let mut chunk = api::HTTP_DATA_CHUNK {
            DataChunkType: api::HttpDataChunkTrailers,
            ..api::HTTP_DATA_CHUNK::default()
        };
        chunk.Anonymous.Trailers = api::HTTP_DATA_CHUNK_0_4 {
            TrailerCount: count(trailers.len())?,
            pTrailers: trailers.as_mut_ptr(),
        };
        Ok(Self {
            native: vec![chunk],
            _trailers: trailers,
            _text: text,
            ..Self::default()
        })
    }

    /// Where the chunks are, and how many. What they point at stays there when this is moved.
    pub(super) fn addresses(&mut self) -> (*const api::HTTP_DATA_CHUNK, u16) {
        // No more than fit were taken.
        (self.native.as_ptr(), self.native.len() as u16)
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chunks({})", self.native.len())
    }
}

/// Texts one behind the other, each with a NUL at its end.
#[derive(Default)]
pub(super) struct Text(Vec<u8>);

#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) length: u16,
}

impl Text {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn add(&mut self, text: &[u8]) -> io::Result<Part> {
        let start = self.0.len();
        let length = u16::try_from(text.len()).map_err(|_| too_much())?;
        self.0.extend_from_slice(text);
        self.0.push(0);
        Ok(Part { start, length })
    }
}

pub(super) fn count(number: usize) -> io::Result<u16> {
    u16::try_from(number).map_err(|_| too_much())
}

fn too_much() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "HTTP.sys has room for 65,535 bytes in a field, and for as many fields",
    )
}
