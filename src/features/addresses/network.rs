use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A network, as its first address and the length of its prefix.
///
/// ```
/// use transom::features::IpNetwork;
///
/// let network: IpNetwork = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?));
/// assert!(network.contains("::ffff:10.1.2.3".parse()?)); // the same address
///
/// let error = "10.1.0.0/8".parse::<IpNetwork>().unwrap_err();
/// assert_eq!(error.to_string(), "`10.1.0.0/8` is not a network: bits after the prefix are set; write it like `10.0.0.0/8`");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpNetwork {
    first: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// `127.0.0.0/8`: this machine, over IPv4.
    pub const LOOPBACK: Self = Self {
        first: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
        prefix: 8,
    };

    /// Returns whether the address is in the network. An IPv4 address that is written as an IPv6 one
    /// (`::ffff:10.0.0.1`) counts as both.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.holds(address) || self.holds(address.to_canonical())
    }

    fn holds(&self, address: IpAddr) -> bool {
        let same_family = self.first.is_ipv4() == address.is_ipv4();
        same_family && masked(address, self.prefix) == self.first
    }
}

impl FromStr for IpNetwork {
    type Err = InvalidIpNetwork;

    /// Reads `address/prefix`; an address alone is a network of one.
    fn from_str(text: &str) -> Result<Self, InvalidIpNetwork> {
        let wrong = |problem| InvalidIpNetwork {
            text: text.into(),
            problem,
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| wrong(Problem::Address))?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or_else(|| wrong(Problem::Prefix(longest)))?,
            None => longest,
        };
        let network = Self {
            first: masked(first, prefix),
            prefix,
        };
        match network.first == first {
            true => Ok(network),
            false => Err(wrong(Problem::HostBits(network))),
        }
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// Returns the address with everything after the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

/// A network is malformed. The text names it, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidIpNetwork {
    text: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Address,
    Prefix(u8),
    HostBits(IpNetwork),
}

impl fmt::Display for InvalidIpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a network: ", self.text)?;
        match &self.problem {
            Problem::Address => {
                f.write_str("it does not begin with an IP address; write it like `10.0.0.0/8`")
            }
            Problem::Prefix(longest) => write!(
                f,
                "the length of its prefix is not a number from 0 to {longest}"
            ),
            Problem::HostBits(network) => write!(
                f,
                "bits after the prefix are set; write it like `{network}`"
            ),
        }
    }
}

impl Error for InvalidIpNetwork {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_with_its_prefix() {
        let holds = |network: &str, address: &str| {
            let network: IpNetwork = network.parse().unwrap();
            network.contains(address.parse().unwrap())
        };
        assert!(holds("127.0.0.0/8", "127.255.0.1"));
        assert!(!holds("127.0.0.0/8", "128.0.0.0"));
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("192.0.2.1", "192.0.2.1"));
        assert!(!holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert!(holds("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"));
    }

    #[test]
    fn a_malformed_network_says_what_is_wrong_with_it() {
        for (text, expected) in [
            ("", "does not begin with an IP address"),
            ("10.0.0/8", "does not begin with an IP address"),
            ("10.0.0.0/", "not a number from 0 to 32"),
            ("10.0.0.0/33", "not a number from 0 to 32"),
            ("::/129", "not a number from 0 to 128"),
            ("10.0.0.1/8", "write it like `10.0.0.0/8`"),
        ] {
            let error = text.parse::<IpNetwork>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
