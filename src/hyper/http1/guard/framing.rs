//! The fields that say where a request ends, and those that a server may not pass over.

use http::StatusCode;

use super::authority::Authority;
use super::bytes::{TOKEN, is, trim};
use super::head::Method;
use super::refusal::Refusal;

/// What the fields of a request say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing {
    host: bool,
    length: Option<u64>,
    codings: Codings,
    /// `Connection` lists `upgrade`.
    upgrade_listed: bool,
    upgrade: bool,
    /// `Expect` has what nobody here knows.
    expects_more: bool,
}

/// What `Transfer-Encoding` lists so far.
#[derive(Clone, Copy, Debug, Default)]
struct Codings {
    any: bool,
    /// The last one is `chunked`.
    chunked: bool,
    /// There is another one.
    other: bool,
}

/// How a request goes on behind its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    None,
    Length(u64),
    Chunked,
}

impl Framing {
    /// Takes a field. Most are none of those that count, which their length tells.
    #[inline]
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.expects_more |= !value.eq_ignore_ascii_case(b"100-continue");
                Ok(())
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.upgrade_listed |= value.len() >= b"upgrade".len()
                    && (value.split(|byte| *byte == b','))
                        .any(|option| trim(option).eq_ignore_ascii_case(b"upgrade"));
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.codings.list(value),
            _ => Ok(()),
        }
    }

    /// RFC 9112, section 3.2.
    #[inline]
    fn host(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.host, true) {
            return Err(Refusal::bad("the request has more than one `Host`"));
        }
        match Authority::parse(value) {
            Some(_) => Ok(()),
            None => Err(Refusal::bad("the `Host` is no host and port")),
        }
    }

    /// RFC 9112, section 6.3, lets a list of the same number count as one; no client has a reason to send it.
    fn length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_some() {
            return Err(Refusal::bad(
                "the request has more than one `Content-Length`",
            ));
        }
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
        let number = value.iter().try_fold(0_u64, |number, byte| {
            number.checked_mul(10)?.checked_add(digit(byte)?)
        });
        // hyper keeps the highest numbers for something else.
        self.length = number.filter(|number| !value.is_empty() && *number <= i64::MAX as u64);
        match self.length {
            Some(_) => Ok(()),
            None => Err(Refusal::bad("the `Content-Length` is no length")),
        }
    }

    /// Decides, at the end of the head, how the request goes on, and whether the response may turn the
    /// connection into something else.
    #[inline]
    pub(super) fn settle(
        &self,
        method: Method,
        is_http_11: bool,
    ) -> Result<(Content, bool), Refusal> {
        if is_http_11 && !self.host {
            return Err(Refusal::bad("the request has no `Host`"));
        }
        let content = match self.length {
            _ if self.codings.any => self.chunked(is_http_11)?,
            None | Some(0) => Content::None,
            Some(length) => Content::Length(length),
        };
        match method {
            Method::Connect if content != Content::None => {
                return Err(Refusal::bad("CONNECT has a body"));
            }
            // In HTTP/1.1 it has no body; RFC 9112, section 6.3. In HTTP/1.0 it may end with the connection.
            Method::Post | Method::Put
                if !is_http_11 && self.length.is_none() && content == Content::None =>
            {
                return Err(Refusal::bad("the request of HTTP/1.0 has no length"));
            }
            _ => {}
        }
        if self.expects_more && is_http_11 {
            let status = StatusCode::EXPECTATION_FAILED;
            return Err(Refusal::new(
                status,
                "the request expects what is not known",
            ));
        }
        let asks = self.upgrade && self.upgrade_listed && is_http_11 && content == Content::None;
        Ok((content, asks || method == Method::Connect))
    }

    #[cold]
    fn chunked(&self, is_http_11: bool) -> Result<Content, Refusal> {
        if !is_http_11 {
            return Err(Refusal::bad("HTTP/1.0 has no `Transfer-Encoding`"));
        }
        if self.length.is_some() {
            return Err(Refusal::bad(
                "the request has both `Transfer-Encoding` and `Content-Length`",
            ));
        }
        if !self.codings.chunked {
            return Err(Refusal::bad("the last transfer coding is not `chunked`"));
        }
        if self.codings.other {
            let status = StatusCode::NOT_IMPLEMENTED;
            return Err(Refusal::new(status, "the transfer coding is not known"));
        }
        Ok(Content::Chunked)
    }
}

impl Codings {
    /// Takes a line of codings. Empty elements are taken by some servers and not by others.
    fn list(&mut self, value: &[u8]) -> Result<(), Refusal> {
        self.any = true;
        for coding in value.split(|byte| *byte == b',') {
            let coding = trim(coding);
            let name = coding
                .split(|byte| *byte == b';')
                .next()
                .map_or(coding, trim);
            if name.is_empty() || !name.iter().all(|byte| is(*byte, TOKEN)) {
                return Err(Refusal::bad(
                    "the `Transfer-Encoding` is no list of codings",
                ));
            }
            if self.chunked {
                return Err(Refusal::bad("a transfer coding follows `chunked`"));
            }
            self.chunked = name.eq_ignore_ascii_case(b"chunked");
            self.other |= !self.chunked;
            // RFC 9112, section 7: it has no parameters.
            if self.chunked && name.len() != coding.len() {
                return Err(Refusal::bad("`chunked` has a parameter"));
            }
        }
        Ok(())
    }
}
