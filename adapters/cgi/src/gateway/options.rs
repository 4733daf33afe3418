use std::time::Duration;

use transom::adapter::SocketOptions;
use transom::features::{MaxRequestBodySize, RequestedAddresses, ServerLimit, ServerLimits};

use super::peers::Peers;
use crate::ajp::AjpOptions;
use crate::environment::Rules;
use crate::fastcgi::FastCgiOptions;

/// What may be set of any server that a gateway connects to.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) requested: RequestedAddresses,
    /// The sockets are those that the process was started with.
    pub(crate) is_inherited: bool,
    pub(crate) sockets: SocketOptions,
    pub(crate) peers: Peers,
    pub(crate) rules: Rules,
    pub(crate) head_timeout: Duration,
    pub(crate) stall_timeout: Option<Duration>,
    /// A gateway whose input has ended may still read.
    pub(crate) half_close: bool,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) fastcgi: FastCgiOptions,
    pub(crate) ajp: AjpOptions,
}

impl Options {
    /// Lists what holds for every server of gateways.
    pub(super) fn limits(&self) -> ServerLimits {
        let rules = &self.rules;
        ServerLimits::new([
            ServerLimit::count(
                "max_connections",
                self.max_connections.map(|max| max as u64),
            ),
            ServerLimit::bytes("max_request_body_size", self.max_request_body_size),
            ServerLimit::count("max_variables", rules.max_variables as u64),
            ServerLimit::bytes("max_variables_size", rules.max_variables_size as u64),
            ServerLimit::time("head_timeout", self.head_timeout),
            ServerLimit::time("stall_timeout", self.stall_timeout),
        ])
    }

    pub(crate) fn new(addresses: &str) -> Self {
        Self {
            requested: RequestedAddresses::parse(addresses),
            is_inherited: false,
            sockets: SocketOptions::default(),
            peers: Peers::default(),
            rules: Rules::default(),
            head_timeout: Duration::from_secs(30),
            stall_timeout: Some(Duration::from_secs(120)),
            half_close: false,
            max_connections: Some(1024),
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
            fastcgi: FastCgiOptions::default(),
            ajp: AjpOptions::default(),
        }
    }
}
