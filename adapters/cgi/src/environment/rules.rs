use super::PathBaseSource;

/// How variables are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) path_base: PathBaseSource,
    /// How many variables a request may have.
    pub(crate) max_variables: usize,
    /// How long their names and values may be in all, in bytes.
    pub(crate) max_variables_size: usize,
}

impl Rules {
    /// A web server with its TLS variables on sends some 60, and as many as the client has fields.
    pub(crate) const MAX_VARIABLES: usize = 256;
    /// What uwsgi can carry. Web servers hold a client's fields to 8 to 32 KiB, and add some of their own.
    pub(crate) const MAX_VARIABLES_SIZE: usize = 64 * 1024;
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            path_base: PathBaseSource::default(),
            max_variables: Self::MAX_VARIABLES,
            max_variables_size: Self::MAX_VARIABLES_SIZE,
        }
    }
}
