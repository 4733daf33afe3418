use super::{BatchError, Lines};

/// A function that is called with each line.
pub(in crate::access_log) struct Functions<F>(pub(in crate::access_log) F);

impl<F: FnMut(&str) + Send + 'static> Lines for Functions<F> {
    fn write(&mut self, lines: &[String]) -> Result<(), BatchError> {
        for line in lines {
            (self.0)(line);
        }
        Ok(())
    }
}
