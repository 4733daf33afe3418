use std::io::{self, Write};

use super::{BatchError, Lines};

/// Writes lines, many at once, and knows how many of them arrived.
pub(in crate::access_log) struct LineWriter<W> {
    writer: W,
    buffer: Vec<u8>,
    /// What comes before the first line.
    head: String,
    /// The last line was begun, and not ended.
    torn: bool,
    /// How many bytes arrived.
    written: u64,
}

impl<W: Write> LineWriter<W> {
    pub(in crate::access_log) fn new(writer: W) -> Self {
        Self {
            writer,
            buffer: Vec::new(),
            head: String::new(),
            torn: false,
            written: 0,
        }
    }

    pub(in crate::access_log) fn with_head(self, head: String) -> Self {
        Self { head, ..self }
    }

    /// Begins on a line of its own, after one that was not ended.
    pub(super) fn torn(self, torn: bool) -> Self {
        Self { torn, ..self }
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn write(&mut self, lines: &[String]) -> Result<(), BatchError> {
        self.buffer.clear();
        if self.torn {
            self.buffer.push(b'\n');
        }
        self.buffer.extend_from_slice(self.head.as_bytes());
        let before = self.buffer.len();
        for line in lines {
            self.buffer.extend_from_slice(line.as_bytes());
            self.buffer.push(b'\n');
        }
        let (written, result) = self.write_buffer();
        self.written += written as u64;
        let (head, rest) = self.buffer[..written].split_at(before.min(written));
        if head.len() == before {
            self.head.clear();
        }
        if let Some(last) = self.buffer[..written].last() {
            self.torn = *last != b'\n';
        }
        let arrived = rest.iter().filter(|byte| **byte == b'\n').count();
        let failed = |lost, error| BatchError { lost, error };
        result.map_err(|error| failed(lines.len() - arrived, error))?;
        // What a buffer could not get rid of may be any of them.
        self.writer
            .flush()
            .map_err(|error| failed(lines.len(), error))
    }

    fn write_buffer(&mut self) -> (usize, io::Result<()>) {
        let mut written = 0;
        while written < self.buffer.len() {
            match self.writer.write(&self.buffer[written..]) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(more) => written += more.min(self.buffer.len() - written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }
}

impl<W: Write + Send + 'static> Lines for LineWriter<W> {
    fn write(&mut self, lines: &[String]) -> Result<(), BatchError> {
        Self::write(self, lines)
    }
}
