//! What follows `--` on the command line.

use std::ffi::OsStr;
use std::time::Duration;

use transom::hyper::{Endpoint, HyperConfiguration, Limits, MinDataRate, ProxyProtocol};
use transom::{Error, HyperServer};

/// What follows `--` on the command line.
#[derive(Clone, Default)]
pub(crate) struct Arguments {
    limits: Limits,
    /// An address that takes the PROXY protocol.
    proxy: Option<String>,
    half_close: Option<bool>,
    /// A file with endpoints, which is followed.
    configuration: Option<HyperConfiguration>,
}

impl Arguments {
    pub(crate) fn read<A: AsRef<OsStr>>(given: &[A]) -> Result<Self, Error> {
        given.iter().try_fold(Self::default(), |arguments, given| {
            let given = given.as_ref();
            let wrong = || Error::configuration(format!("`{}` is no argument", given.display()));
            let (name, value) = given
                .to_str()
                .and_then(|given| given.split_once('='))
                .ok_or_else(wrong)?;
            arguments.with(name, value).ok_or_else(wrong)
        })
    }

    pub(crate) fn server(&self) -> HyperServer {
        let server = match &self.proxy {
            None => HyperServer::default(),
            Some(address) => {
                let trust = ProxyProtocol::from_trusted(["127.0.0.0/8", "::1"]);
                let endpoint = Endpoint::new(address).with_proxy_protocol(trust);
                HyperServer::new("http://127.0.0.1:0").with_endpoint(endpoint)
            }
        };
        let server = server.with_limits(self.limits.clone());
        let server = match self.half_close {
            Some(allowed) => server.with_half_close(allowed),
            None => server,
        };
        match &self.configuration {
            Some(configuration) => server.with_configuration(configuration.clone()),
            None => server,
        }
    }

    fn with(self, name: &str, value: &str) -> Option<Self> {
        if name == "proxy" {
            return Some(Self {
                proxy: Some(value.to_owned()),
                ..self
            });
        }
        if name == "configuration" {
            let configuration = HyperConfiguration::from_file(value).ok()?;
            let often = Some(Duration::from_millis(50));
            return Some(Self {
                configuration: Some(configuration.with_reload_interval(often)),
                ..self
            });
        }
        if name == "half-close" {
            return Some(Self {
                half_close: Some(value.parse().ok()?),
                ..self
            });
        }
        if name == "rate" {
            let rate = MinDataRate::new(
                value.parse().ok()?,
                self.limits.min_response_rate()?.grace(),
            );
            return Some(self.with_rate(rate));
        }
        let time = Duration::try_from_secs_f64(value.parse().ok()?).ok()?;
        let limits = match name {
            "head" => self.limits.with_request_head_timeout(Some(time)),
            "keep-alive" => self.limits.with_keep_alive_timeout(Some(time)),
            "rate-grace" => {
                let rate = self.limits.min_response_rate()?.bytes_per_second();
                return Some(self.with_rate(MinDataRate::new(rate, time)));
            }
            _ => return None,
        };
        Some(Self { limits, ..self })
    }

    fn with_rate(self, rate: MinDataRate) -> Self {
        let limits = self.limits.with_min_request_body_rate(Some(rate));
        Self {
            limits: limits.with_min_response_rate(Some(rate)),
            ..self
        }
    }
}
