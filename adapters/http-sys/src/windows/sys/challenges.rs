use std::io;

use windows_sys::Win32::Networking::HttpServer as api;

use super::response::{Text, count};

/// The values of `WWW-Authenticate`, where there are several: of each scheme that the kernel was told of, it completes the
/// challenge, such as by its realm. It does so with no field that has a name and no number.
pub(crate) struct Challenges {
    /// One, as are the two that it leads to.
    info: Vec<api::HTTP_RESPONSE_INFO>,
    _fields: Vec<api::HTTP_MULTIPLE_KNOWN_HEADERS>,
    _values: Vec<api::HTTP_KNOWN_HEADER>,
    _text: Vec<u8>,
}

impl Challenges {
    /// Returns those of these values, in this order.
    ///
    /// # Errors
    ///
    /// A value has more than 65,535 bytes, or there are more values.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a [u8]>) -> io::Result<Self> {
        let mut text = Text::default();
        let parts: io::Result<Vec<_>> = values.map(|value| text.add(value)).collect();
        let parts = parts?;
        // From here on it stays where it is, and so does what points at it.
        let text = text.into_bytes();
        let mut values: Vec<_> = parts
            .into_iter()
            .map(|part| api::HTTP_KNOWN_HEADER {
                RawValueLength: part.length,
                pRawValue: text[part.start..].as_ptr(),
            })
            .collect();
        let mut fields = vec![api::HTTP_MULTIPLE_KNOWN_HEADERS {
            HeaderId: api::HttpHeaderWwwAuthenticate,
            // In its own order it knows no Kerberos.
            Flags: api::HTTP_RESPONSE_INFO_FLAGS_PRESERVE_ORDER,
            KnownHeaderCount: count(values.len())?,
            KnownHeaders: values.as_mut_ptr(),
        }];
        let info = vec![api::HTTP_RESPONSE_INFO {
            Type: api::HttpResponseInfoTypeMultipleKnownHeaders,
            Length: size_of::<api::HTTP_MULTIPLE_KNOWN_HEADERS>() as u32,
            pInfo: fields.as_mut_ptr().cast(),
        }];
        Ok(Self {
            info,
            _fields: fields,
            _values: values,
            _text: text,
        })
    }

    /// Where they are, and how many entries they make. They stay there when this is moved.
    pub(super) fn info(&mut self) -> (*mut api::HTTP_RESPONSE_INFO, u16) {
        (self.info.as_mut_ptr(), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_challenge_is_where_the_system_looks_for_it() {
        let values: [&[u8]; 3] = [b"Kerberos", b"Negotiate", b"Basic"];
        let made = Challenges::new(values.into_iter()).unwrap();
        // Moved, as it is into a call.
        let mut made = Box::new(made);
        let (info, 1) = made.info() else {
            panic!("one entry");
        };
        assert_eq!(size_of::<api::HTTP_RESPONSE_INFO>(), 16);
        // SAFETY: it has made all of them, and owns them.
        let (info, fields) = unsafe {
            (
                *info,
                *(*info).pInfo.cast::<api::HTTP_MULTIPLE_KNOWN_HEADERS>(),
            )
        };
        assert_eq!((info.Type, info.Length), (0, 24));
        assert_eq!((fields.HeaderId, fields.Flags), (29, 1));
        let length = usize::from(fields.KnownHeaderCount);
        // SAFETY: as above.
        let read = unsafe { std::slice::from_raw_parts(fields.KnownHeaders, length) };
        let read: Vec<&[u8]> = read
            .iter()
            .map(|value| {
                let length = usize::from(value.RawValueLength);
                // SAFETY: as above.
                unsafe { std::slice::from_raw_parts(value.pRawValue, length) }
            })
            .collect();
        assert_eq!(read, values);
    }
}
