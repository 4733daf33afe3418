//! One request, and what becomes of it.

/// One request, and what becomes of it.
pub(super) struct Exchange {
    /// The section of the standard that decides.
    pub(super) section: &'static str,
    pub(super) request: Vec<u8>,
    pub(super) status: u16,
    /// What the application has seen: the method, the target, `Host` and the body, with blanks between.
    pub(super) seen: Option<String>,
    /// Whether the connection takes another request.
    pub(super) stays: bool,
}

impl Exchange {
    /// Is taken, and the connection stays open.
    pub(super) fn taken(section: &'static str, request: impl Into<Vec<u8>>, seen: &str) -> Self {
        Self {
            section,
            request: request.into(),
            status: 200,
            seen: Some(seen.to_owned()),
            stays: true,
        }
    }

    /// Is refused, and the connection closed.
    pub(super) fn refused(section: &'static str, status: u16, request: impl Into<Vec<u8>>) -> Self {
        Self {
            section,
            request: request.into(),
            status,
            seen: None,
            stays: false,
        }
    }

    /// It is the last of its connection.
    pub(super) fn last(mut self) -> Self {
        self.stays = false;
        self
    }

    pub(super) fn name(&self) -> String {
        let shown = &self.request[..self.request.len().min(150)];
        format!("RFC {}: {}", self.section, shown.escape_ascii())
    }
}

/// A request without a body, and these fields behind `Host`.
pub(super) fn get(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}\r\n")
}

/// A request with these fields, and what follows its head.
pub(super) fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\n{fields}\r\n{body}")
}

/// The bytes of a text, of which each character is one.
pub(super) fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap())
        .collect()
}
