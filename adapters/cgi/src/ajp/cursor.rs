use bytes::{Buf, Bytes};

use crate::environment::Refusal;

/// Reads the content of a packet from its beginning to its end.
#[derive(Debug)]
pub(super) struct Cursor(Bytes);

/// A text that is not there has this length.
const ABSENT: u16 = 0xFFFF;

impl Cursor {
    pub(super) fn new(content: Bytes) -> Self {
        Self(content)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        self.0.try_get_u8().map_err(|_| beyond())
    }

    pub(super) fn flag(&mut self) -> Result<bool, Refusal> {
        Ok(self.byte()? != 0)
    }

    pub(super) fn number(&mut self) -> Result<u16, Refusal> {
        self.0.try_get_u16().map_err(|_| beyond())
    }

    /// Reads a text: its length, its bytes, and a NUL; or a length that says that there is none.
    pub(super) fn text(&mut self) -> Result<Option<Bytes>, Refusal> {
        let length = self.number()?;
        self.text_of(length)
    }

    /// Reads a text whose length was read.
    pub(super) fn text_of(&mut self, length: u16) -> Result<Option<Bytes>, Refusal> {
        if length == ABSENT {
            return Ok(None);
        }
        let length = usize::from(length);
        match self.0.get(length) {
            Some(0) => {
                let text = self.0.split_to(length);
                self.0.advance(1);
                Ok(Some(text))
            }
            Some(_) => Err(Refusal::malformed("a text has no NUL behind it")),
            None => Err(beyond()),
        }
    }

    /// Reads a text that has to be there.
    pub(super) fn present(&mut self, what: &'static str) -> Result<Bytes, Refusal> {
        self.text()?
            .ok_or_else(|| Refusal::malformed(format!("there is no {what}")))
    }
}

#[cold]
fn beyond() -> Refusal {
    Refusal::malformed("something goes beyond the end of its packet")
}
