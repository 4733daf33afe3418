use crate::contract::Error;

/// All that is wrong with a configuration, so that it is told at once.
///
/// ```
/// use transom::Error;
/// use transom::configuration::Problems;
///
/// let mut problems = Problems::new();
/// assert_eq!(problems.or(Err(Error::configuration("`a` is wrong")), 7), 7);
/// problems.add(Error::configuration("`b` is unknown"));
/// assert_eq!(
///     problems.finish().unwrap_err().to_string(),
///     "2 settings are wrong\n  `a` is wrong\n  `b` is unknown",
/// );
/// assert!(Problems::new().finish().is_ok());
/// ```
#[derive(Debug, Default)]
#[must_use = "`finish` says whether there are any"]
pub struct Problems(Vec<Error>);

impl Problems {
    /// Returns none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, problem: Error) {
        self.0.push(problem);
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value, or `fallback` after the problem was added.
    pub fn or<T>(&mut self, result: Result<T, Error>, fallback: T) -> T {
        self.ok(result).unwrap_or(fallback)
    }

    /// Returns the value, or `None` after the problem was added.
    pub fn ok<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|problem| self.add(problem)).ok()
    }

    /// Ends.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] if there are problems: the only one as it is, or a line for each.
    pub fn finish(mut self) -> Result<(), Error> {
        if self.0.len() <= 1 {
            return self.0.pop().map_or(Ok(()), Err);
        }
        let mut text = format!("{} settings are wrong", self.0.len());
        for problem in &self.0 {
            text.push_str("\n  ");
            text.push_str(&problem.report());
        }
        Err(Error::configuration(text))
    }
}
