use bytes::Bytes;
use transom::features::ServerVariables;

use super::{Refusal, Rules};

/// Collects the variables of one request, within limits.
#[derive(Debug)]
pub(crate) struct Variables {
    all: Vec<(Bytes, Bytes)>,
    count: usize,
    size: usize,
    max_count: usize,
    max_size: usize,
}

impl Variables {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self {
            all: Vec::new(),
            count: 0,
            size: 0,
            max_count: rules.max_variables,
            max_size: rules.max_variables_size,
        }
    }

    /// Adds one.
    pub(crate) fn push(&mut self, name: Bytes, value: Bytes) -> Result<(), Refusal> {
        if name.is_empty() {
            return Err(Refusal::malformed("a variable has no name"));
        }
        self.count(name.len().saturating_add(value.len()))?;
        self.all.push((name, value));
        Ok(())
    }

    /// Counts what is as long as that, and is kept elsewhere.
    pub(crate) fn count(&mut self, size: usize) -> Result<(), Refusal> {
        self.size = self.size.saturating_add(size);
        if self.size > self.max_size {
            let max = self.max_size;
            return Err(Refusal::too_large(format!(
                "the variables have more than {max} bytes"
            )));
        }
        if self.count == self.max_count {
            let max = self.max_count;
            return Err(Refusal::too_large(format!(
                "there are more than {max} variables"
            )));
        }
        self.count += 1;
        Ok(())
    }

    /// Returns them all.
    ///
    /// Web servers let a variable be configured twice, and mean the last. But two that say differently where the
    /// request ends, or what it is, are a way to smuggle one.
    pub(crate) fn finish(self) -> Result<ServerVariables, Refusal> {
        for name in SINGLE {
            let mut values = self.all.iter().filter(|(known, _)| known == name);
            if let Some((_, first)) = values.next()
                && values.any(|(_, other)| other != first)
            {
                return Err(Refusal::malformed(format!(
                    "there are two values of `{name}`"
                )));
            }
        }
        Ok(self.all.into_iter().collect())
    }
}

const SINGLE: [&str; 4] = [
    "CONTENT_LENGTH",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "HTTP_CONTENT_LENGTH",
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn collect(rules: &Rules, all: &[(&'static str, &'static str)]) -> Result<usize, Refusal> {
        let mut variables = Variables::new(rules);
        for (name, value) in all {
            variables.push(Bytes::from_static(name.as_bytes()), (*value).into())?;
        }
        variables.finish().map(|variables| variables.len())
    }

    #[test]
    fn what_decides_of_a_request_is_there_once() {
        let rules = Rules::default();
        let same = [("CONTENT_LENGTH", "1"), ("CONTENT_LENGTH", "1")];
        assert_eq!(collect(&rules, &same), Ok(2));
        let two = [("CONTENT_LENGTH", "1"), ("CONTENT_LENGTH", "2")];
        let error = collect(&rules, &two).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there are two values of `CONTENT_LENGTH`"
        );
        let others = [("SCRIPT_NAME", "/a"), ("SCRIPT_NAME", "/b")];
        assert_eq!(collect(&rules, &others), Ok(2));
    }

    #[test]
    fn their_number_and_their_size_are_limited() {
        let few = Rules {
            max_variables: 1,
            ..Rules::default()
        };
        assert_eq!(collect(&few, &[("A", "1")]), Ok(1));
        let error = collect(&few, &[("A", "1"), ("B", "2")]).unwrap_err();
        assert_eq!(error.to_string(), "there are more than 1 variables");
        assert_eq!(error.answer().0.status, 431);
        let short = Rules {
            max_variables_size: 4,
            ..Rules::default()
        };
        assert_eq!(collect(&short, &[("A", "123")]), Ok(1));
        let error = collect(&short, &[("A", "1234")]).unwrap_err();
        assert_eq!(error.to_string(), "the variables have more than 4 bytes");
    }

    #[test]
    fn a_variable_has_a_name() {
        let error = collect(&Rules::default(), &[("", "1")]).unwrap_err();
        assert_eq!(error.answer().0.status, 400);
    }
}
