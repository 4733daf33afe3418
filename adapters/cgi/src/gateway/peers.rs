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
