use std::time::{Duration, SystemTime};

use http::Request;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use transom::features::{
    LimitValue, ServerAddress, ServerAddresses, ServerInfo, ServerLimit, ServerLimits,
    ServerStatistics,
};
use transom::hosting::HostLifetime;
use transom::pipeline::NamedStage;
use transom::{Features, RequestExt};

use super::layer::Source;

/// All that is shown. What it is serialized as is described in the [module](super#the-answer).
#[derive(serde::Serialize)]
pub(super) struct Report {
    pub(super) host: Option<Host>,
    pub(super) servers: Vec<Server>,
    pub(super) pipeline: Vec<Stage>,
}

#[derive(serde::Serialize)]
pub(super) struct Host {
    pub(super) environment: Option<String>,
    pub(super) state: &'static str,
    #[serde(serialize_with = "seconds_since_1970")]
    pub(super) started_at: Option<SystemTime>,
    #[serde(rename = "uptime_seconds", serialize_with = "seconds")]
    pub(super) uptime: Option<Duration>,
}

#[derive(serde::Serialize)]
pub(super) struct Server {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) adapter: Option<Adapter>,
    pub(super) addresses: Vec<String>,
    pub(super) requested_addresses: Vec<String>,
    pub(super) statistics: Option<Statistics>,
    pub(super) limits: Option<Vec<Limit>>,
    pub(super) features: Vec<&'static str>,
}

#[derive(serde::Serialize)]
pub(super) struct Adapter {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(serde::Serialize)]
pub(super) struct Statistics {
    pub(super) connections: Count,
    pub(super) requests: Count,
    pub(super) upgraded: Count,
    pub(super) rejections: Rejections,
}

#[derive(serde::Serialize)]
pub(super) struct Count {
    pub(super) now: usize,
    pub(super) total: u64,
}

#[derive(serde::Serialize)]
pub(super) struct Rejections {
    pub(super) total: u64,
    pub(super) causes: Vec<Rejection>,
}

#[derive(serde::Serialize)]
pub(super) struct Rejection {
    pub(super) cause: &'static str,
    pub(super) count: u64,
}

pub(super) struct Limit(pub(super) ServerLimit);

#[derive(serde::Serialize)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) branch: Vec<Stage>,
}

impl Report {
    pub(super) fn new<B>(source: &Source, request: &Request<B>) -> Self {
        let host = source.lifetime.as_ref().map(|lifetime| Host {
            environment: source.environment.as_ref().map(ToString::to_string),
            state: state(lifetime),
            started_at: lifetime.started_at(),
            uptime: lifetime.uptime(),
        });
        let servers = match &source.servers {
            Some(servers) => servers.iter().map(Server::new).collect(),
            None => {
                let own = request.features();
                let known = own.contains::<ServerInfo>();
                known.then(|| Server::new(own)).into_iter().collect()
            }
        };
        Self {
            host,
            servers,
            pipeline: source.stages.stages().map(Stage::new).collect(),
        }
    }
}

fn state(lifetime: &HostLifetime) -> &'static str {
    if lifetime.is_stopped() {
        "stopped"
    } else if lifetime.is_stopping() {
        "stopping"
    } else if lifetime.is_started() {
        "started"
    } else {
        "starting"
    }
}

impl Server {
    fn new(features: &Features) -> Self {
        let info = features.get::<ServerInfo>();
        let adapter = info.and_then(ServerInfo::adapter);
        let addresses = features.get::<ServerAddresses>();
        let texts =
            |addresses: &[ServerAddress]| addresses.iter().map(ToString::to_string).collect();
        let limits = features.get::<ServerLimits>().map(ServerLimits::all);
        Self {
            name: info.map(|info| info.name().to_owned()),
            version: info.map(|info| info.version().to_owned()),
            adapter: adapter.map(|(name, version)| Adapter { name, version }),
            addresses: addresses.map(|of| texts(&of.bound())).unwrap_or_default(),
            requested_addresses: addresses
                .map(|of| texts(of.requested()))
                .unwrap_or_default(),
            statistics: features.get().map(Statistics::new),
            limits: limits.map(|limits| limits.into_iter().map(Limit).collect()),
            features: features.names().collect(),
        }
    }
}

impl Statistics {
    fn new(statistics: &ServerStatistics) -> Self {
        let causes = statistics.rejections_by_cause().into_iter();
        let causes: Vec<_> = causes
            .map(|(cause, count)| Rejection { cause, count })
            .collect();
        Self {
            connections: Count {
                now: statistics.connections(),
                total: statistics.total_connections(),
            },
            requests: Count {
                now: statistics.requests(),
                total: statistics.total_requests(),
            },
            upgraded: Count {
                now: statistics.upgraded(),
                total: statistics.total_upgraded(),
            },
            rejections: Rejections {
                total: causes.iter().map(|cause| cause.count).sum(),
                causes,
            },
        }
    }
}

impl Stage {
    fn new(stage: NamedStage<'_>) -> Self {
        Self {
            name: stage.name().to_owned(),
            branch: stage.branch().map(Self::new).collect(),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Limit", 3)?;
        fields.serialize_field("name", self.0.name())?;
        let unit = match self.0.value() {
            Some(LimitValue::Count(count)) => {
                fields.serialize_field("value", &count)?;
                "count"
            }
            Some(LimitValue::Bytes(bytes)) => {
                fields.serialize_field("value", &bytes)?;
                "bytes"
            }
            Some(LimitValue::BytesPerSecond(bytes)) => {
                fields.serialize_field("value", &bytes)?;
                "bytes_per_second"
            }
            Some(LimitValue::Time(time)) => {
                fields.serialize_field("value", &time.as_secs_f64())?;
                "seconds"
            }
            _ => {
                fields.serialize_field("value", &())?;
                fields.serialize_field("unit", &())?;
                return fields.end();
            }
        };
        fields.serialize_field("unit", unit)?;
        fields.end()
    }
}

fn seconds_since_1970<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let since = time.map(|time| time.duration_since(SystemTime::UNIX_EPOCH));
    let seconds = since.and_then(Result::ok).map(|since| since.as_secs());
    seconds.serialize(serializer)
}

fn seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}
