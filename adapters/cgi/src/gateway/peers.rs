use std::net::IpAddr;

use transom::Error;
use transom::features::IpNetwork;
use transom_adapter_tokio::Socket;

/// Who may connect. Whoever does can say anything of anybody: his address, his certificate.
#[derive(Clone, Debug, Default)]
pub(crate) enum Peers {
    /// This machine.
    #[default]
    Loopback,
    Networks(Vec<IpNetwork>),
    Malformed(String),
}

impl Peers {
    pub(crate) fn new(networks: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let networks = networks.into_iter();
        match networks.map(|network| network.as_ref().parse()).collect() {
            Ok(networks) => Self::Networks(networks),
            Err(error) => {
                let error: transom::features::InvalidIpNetwork = error;
                Self::Malformed(error.to_string())
            }
        }
    }

    /// Fails for what is no network.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Malformed(error) => Err(Error::configuration(error.as_str())),
            _ => Ok(()),
        }
    }

    /// Returns whether they are all on this machine.
    pub(crate) fn are_local(&self) -> bool {
        // The first address of a network that has others too is none of a loopback.
        let is_local = |network: &IpNetwork| {
            let network = network.to_string();
            let first = network.split('/').next().unwrap_or_default();
            first.parse().is_ok_and(|first: IpAddr| first.is_loopback())
        };
        match self {
            Self::Loopback => true,
            Self::Networks(networks) => networks.iter().all(is_local),
            Self::Malformed(_) => false,
        }
    }

    /// Who may use a unix socket is said by its file.
    pub(crate) fn allow(&self, socket: &Socket) -> bool {
        let address = match socket {
            Socket::Tcp(stream) => stream.peer_addr(),
            #[cfg(unix)]
            Socket::Unix(_) => return true,
        };
        let Ok(address) = address.map(|address| address.ip()) else {
            return false;
        };
        match self {
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Networks(networks) => networks.iter().any(|network| network.contains(address)),
            Self::Malformed(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_this_machine_is_told_from_who_is_not() {
        assert!(Peers::default().are_local());
        for (networks, local) in [
            (&["127.0.0.1"][..], true),
            (&["127.0.0.0/8", "::1"], true),
            (&["126.0.0.0/7"], false),
            (&["0.0.0.0/0"], false),
            (&["::/0"], false),
            (&["127.0.0.1", "10.0.0.0/8"], false),
            (&["nowhere"], false),
        ] {
            assert_eq!(Peers::new(networks).are_local(), local, "{networks:?}");
        }
    }
}
