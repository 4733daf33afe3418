//! What of HTTP/1 is refused before hyper sees it.
//!
//! hyper's parser is lenient, and it hides what it forgives: a bare LF ends a line, `Content-Length` beside
//! `Transfer-Encoding` is dropped, a fragment is cut off. Two servers that read the same bytes in different
//! ways are what request smuggling needs. So a [`Guard`] reads every byte first, as RFC 9112 has it and no
//! other way, and hyper is handed whole heads and the bodies behind them, or nothing.
//!
//! The guard does no I/O and keeps no bytes: it is asked about those that were read and not passed on, and
//! says how many of them may be. Where the standard leaves a choice, it takes the safe one:
//!
//! | What | Answer |
//! |---|---|
//! | one empty line before a request | skipped; a second one is 400 |
//! | a bare CR or LF, a folded field, a blank before the colon, control characters | 400 |
//! | a fragment, or bytes that no URI has, in the target | 400 |
//! | `*` for anything but OPTIONS; a host and port for anything but CONNECT | 405 with `Allow` |
//! | a version other than HTTP/1.0 and HTTP/1.1 | 505; what is no version at all is 400 |
//! | no `Host` in HTTP/1.1, two, or one that is no host and port | 400 |
//! | a whole URI with user information, with no host, or not of http or https | 400 |
//! | a whole URI whose host is not that of `Host` | its own host counts; RFC 9112, section 3.2.2 |
//! | `Content-Length` twice, as a list, with a sign, above 2^63-1 | 400, even if both are the same |
//! | `Transfer-Encoding` beside `Content-Length`, or in HTTP/1.0 | 400 |
//! | codings that do not end with `chunked`, or have it twice | 400 |
//! | another coding before `chunked` | 501 |
//! | CONNECT with a body | 400 |
//! | POST or PUT without a length | has no body; 400 in HTTP/1.0, where it could end with the connection |
//! | `Expect` of anything but `100-continue` | 417; in HTTP/1.0 it means nothing |
//! | `Upgrade` on a request with a body | the request is answered, and cannot switch; RFC 9110, section 7.8 |
//! | a line, the fields, or their number over their limit | 414, 431; 501 for a method as long as that |
//! | chunks, or trailers, that are not of the grammar or too long | the body ends with an error |
//! | the input ends in a head | 400 |
//!
//! After each of them the connection is closed.

mod authority;
mod bounds;
mod bytes;
mod chunked;
mod framing;
mod head;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod machine;
mod refusal;
mod target;
#[cfg(test)]
mod tests;

pub(in crate::hyper) use bounds::Bounds;
#[cfg(feature = "fuzzing")]
pub(in crate::hyper) use invariants::hold as guard_invariants_hold;
pub(in crate::hyper) use machine::{Guard, Phase};
pub(in crate::hyper) use refusal::Refusal;
