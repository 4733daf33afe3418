use std::fmt;

use http::uri::{Authority, PathAndQuery};

/// Where the Runtime API is: `host:port`, and under an emulator perhaps a path.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeApi {
    authority: Authority,
    path: String,
}

impl RuntimeApi {
    /// # Errors
    ///
    /// Says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let address = text.strip_prefix("http://").unwrap_or(text);
        let (authority, path) = match address.find('/') {
            Some(slash) => address.split_at(slash),
            None => (address, ""),
        };
        let path = path.trim_end_matches('/');
        if !path.is_empty() && path.parse::<PathAndQuery>().is_err() || path.contains(['?', '#']) {
            return Err("its path is none");
        }
        let authority: Authority = authority
            .parse()
            .map_err(|_| "it begins with no host and port")?;
        match authority.port_u16() {
            _ if authority.as_str().contains('@') => Err("it holds user information"),
            None if authority.as_str() != authority.host() => {
                Err("its port is no number below 65536")
            }
            _ => Ok(Self {
                authority,
                path: path.to_owned(),
            }),
        }
    }

    pub(crate) fn host(&self) -> &str {
        let host = self.authority.host();
        // A literal address of IPv6.
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }

    pub(crate) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(80)
    }

    pub(crate) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Returns the target of a request for `path`, which begins with a slash.
    pub(crate) fn target(&self, path: &str) -> String {
        [&self.path, path].concat()
    }
}

impl fmt::Display for RuntimeApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_a_port_and_perhaps_a_path() {
        let api = |text| {
            RuntimeApi::parse(text).map(|api| (api.host().to_owned(), api.port(), api.target("/x")))
        };
        let some = |host: &str, port, path: &str| Ok((host.to_owned(), port, path.to_owned()));
        assert_eq!(api("127.0.0.1:9001"), some("127.0.0.1", 9001, "/x"));
        assert_eq!(api("http://a/"), some("a", 80, "/x"));
        assert_eq!(api("[::1]:1/.rt/f"), some("::1", 1, "/.rt/f/x"));
        for wrong in ["", "/", "http://", "a b:1", "a:99999", "u@a:1", "a:1/?q"] {
            assert!(api(wrong).is_err(), "{wrong}");
        }
    }
}
