/// One thing that a proxy forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardedPart {
    /// The address of the client.
    For,
    /// The host that the client asked for.
    Host,
    /// The scheme that the client used.
    Proto,
    /// What the proxy took off the path.
    Prefix,
}

impl ForwardedPart {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::For, Self::Host, Self::Proto, Self::Prefix];

    pub(super) fn index(self) -> usize {
        self as usize
    }
}
