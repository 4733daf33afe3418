//! Responses, in the form that the front of the request takes.

mod answer;
mod buffered;
mod content;
mod streamed;

pub(crate) use answer::Mode;
pub(crate) use buffered::{LARGEST, buffered};
pub(crate) use content::{collect, too_large};
pub(crate) use streamed::{STREAMED, streamed};
