//! The whole table `hyper`.

use super::certificate::CertificateValues;
use super::endpoint::{self, DEFAULTS, EndpointValues};
use super::key::{Key, Table, Where, table};
use super::kind::{Count, Kind as _, Optional};
use super::limits::LIMITS;
use super::tls::{CertificateUse, ClientCertificates};
use crate::configuration::{Entry, Problems, Section, Value};
use crate::contract::Error;
use crate::hyper::options::Options;

/// What a server shall be.
#[derive(Clone, Debug, Default)]
pub(in crate::hyper) struct Plan {
    pub(in crate::hyper) options: Options,
    defaults: EndpointValues,
    certificates: Vec<(String, CertificateValues)>,
    endpoints: Vec<Named>,
}

/// An endpoint of the file.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    /// As an error calls it.
    place: String,
    values: EndpointValues,
}

pub(super) const SERVER: Table<Plan> = Table {
    what: "an option of the server",
    keys: &[
        table!(
            Plan,
            limits,
            Some("Limits"),
            |mut plan: Plan, table, problems: &mut Problems| {
                plan.options.limits = LIMITS.read(table, plan.options.limits, problems);
                plan
            },
            "what clients may take"
        ),
        Key {
            name: "half_close",
            kestrel: None,
            is: "`true` or `false`",
            optional: false,
            about: "whether a client of HTTP/1 that closes its sending side still gets its answer",
            on: Where::All,
            read: |mut plan, entry, problems| {
                plan.options.half_close = problems.or(entry.boolean(), plan.options.half_close);
                plan
            },
            shown: |plan| Some(plan.options.half_close.to_string()),
        },
        Key {
            name: "threads",
            kestrel: None,
            is: "number",
            optional: true,
            about: "threads of its own, each for some of the connections; `none` for the runtime's",
            on: Where::All,
            read: |mut plan, entry, problems| {
                let own = plan.options.threads;
                plan.options.threads = problems.or(<Optional<Count<usize>>>::read(entry), own);
                plan
            },
            shown: |plan| Some(<Optional<Count<usize>>>::shown(plan.options.threads)),
        },
        table!(
            Plan,
            endpoint_defaults,
            Some("EndpointDefaults"),
            |mut plan: Plan, table, problems: &mut Problems| {
                plan.defaults = DEFAULTS.read(table, plan.defaults, problems);
                plan
            },
            "what holds for an endpoint of the file that does not say otherwise"
        ),
        table!(
            Plan,
            certificates,
            Some("Certificates"),
            |mut plan: Plan, table, problems: &mut Problems| {
                for (entry, _) in named(table, problems) {
                    if let Some(values) = problems.ok(CertificateValues::of_entry(entry)) {
                        plan.certificates.push((entry.key(), values));
                    }
                }
                plan
            },
            "certificates by name; `default` is for endpoints that name none"
        ),
        table!(
            Plan,
            endpoints,
            Some("Endpoints"),
            |mut plan: Plan, table, problems: &mut Problems| {
                for (entry, section) in named(table, problems) {
                    if let Some(values) = endpoint::read(entry, section, problems) {
                        plan.endpoints.push(Named {
                            name: entry.name().to_owned(),
                            place: entry.place(),
                            values,
                        });
                    }
                }
                plan
            },
            "endpoints by name"
        ),
    ],
    kestrel: &[
        (
            "AddServerHeader",
            "no `Server` field is sent; a layer of the pipeline can add one",
        ),
        ("AllowSynchronousIO", "bodies are asynchronous"),
        (
            "AllowResponseHeaderCompression",
            "`limits.http2.header_table_size` bounds the table of HPACK",
        ),
        (
            "AllowAlternateSchemes",
            "the scheme of a request is that of its connection",
        ),
        (
            "AllowHostHeaderOverride",
            "the authority of a target in absolute form counts, as RFC 9112 has it",
        ),
        (
            "DisableStringReuse",
            "nothing is kept from one request for the next",
        ),
    ],
};

impl Plan {
    /// Reads a section over what the program says.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(in crate::hyper) fn read(section: &Section, options: Options) -> Result<Self, Error> {
        let plan = Self {
            options,
            ..Self::default()
        };
        let mut problems = Problems::new();
        let plan = SERVER.read(section, plan, &mut problems);
        plan.check_certificates(&mut problems);
        // What is wrong already would be told twice.
        if problems.is_empty() {
            plan.check_tls(&mut problems);
        }
        problems.finish()?;
        plan.options.limits.check()?;
        Ok(plan)
    }

    /// Returns the endpoints, each with its name and with what the file says for all.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&str, EndpointValues)> {
        self.endpoints
            .iter()
            .map(|endpoint| (endpoint.name.as_str(), self.complete(&endpoint.values)))
    }

    /// Returns this with some of its endpoints as they are in `old`: there, or not.
    pub(super) fn with_kept<'a>(
        mut self,
        old: &Self,
        names: impl Iterator<Item = &'a str>,
    ) -> Self {
        for name in names {
            self.endpoints.retain(|endpoint| endpoint.name != name);
            let mut kept = old.endpoints.iter();
            if let Some(kept) = kept.find(|endpoint| endpoint.name == name) {
                // With what holds for it there, whatever holds for all now.
                self.endpoints.push(Named {
                    values: old.complete(&kept.values),
                    ..kept.clone()
                });
            }
        }
        self
    }

    /// Returns what holds for an endpoint, or for one name of it.
    fn complete(&self, own: &EndpointValues) -> EndpointValues {
        let defaults = &self.defaults;
        let named = |name: &str| self.certificate(name).cloned().map(CertificateUse::Own);
        let certificate = match &own.certificate {
            Some(CertificateUse::Named(name, _)) => named(name),
            Some(own) => Some(own.clone()),
            None => named("default"),
        };
        EndpointValues {
            url: own.url.clone(),
            proxy_protocol: own.proxy_protocol.clone(),
            no_delay: own.no_delay,
            alt_svc: own.alt_svc,
            socket: own.socket.clone(),
            protocols: own.protocols.or(defaults.protocols),
            certificate,
            client_certificates: own.client_certificates.or(defaults.client_certificates),
            client_authorities: (own.client_authorities.clone())
                .or(defaults.client_authorities.clone()),
            handshake_timeout: own.handshake_timeout.or(defaults.handshake_timeout),
            tls_versions: own.tls_versions.clone().or(defaults.tls_versions.clone()),
            sni: own
                .sni
                .iter()
                .map(|(name, values)| (name.clone(), self.complete_name(own, values)))
                .collect(),
        }
    }

    /// A name has what the endpoint has, where it does not say otherwise.
    fn complete_name(&self, endpoint: &EndpointValues, name: &EndpointValues) -> EndpointValues {
        let (versions, authorities) = (name.tls_versions.clone(), name.client_authorities.clone());
        self.complete(&EndpointValues {
            protocols: name.protocols.or(endpoint.protocols),
            certificate: name.certificate.clone().or(endpoint.certificate.clone()),
            client_certificates: name.client_certificates.or(endpoint.client_certificates),
            client_authorities: authorities.or(endpoint.client_authorities.clone()),
            handshake_timeout: endpoint.handshake_timeout,
            tls_versions: versions.or(endpoint.tls_versions.clone()),
            ..EndpointValues::default()
        })
    }

    fn certificate(&self, name: &str) -> Option<&CertificateValues> {
        let name = crate::configuration::plain(name);
        let mut certificates = self.certificates.iter();
        certificates
            .find(|(known, _)| *known == name)
            .map(|(_, values)| values)
    }

    /// Looks up the certificates that are named.
    fn check_certificates(&self, problems: &mut Problems) {
        let of = |values: &EndpointValues| values.certificate.clone();
        for Named {
            values: endpoint, ..
        } in &self.endpoints
        {
            let names = endpoint.sni.iter().map(|(_, values)| of(values));
            for used in std::iter::once(of(endpoint)).chain(names).flatten() {
                if let CertificateUse::Named(name, place) = used
                    && self.certificate(&name).is_none()
                {
                    let known = self.certificates.iter().map(|(name, _)| name.as_str());
                    problems.add(Error::configuration(format!(
                        "{place}: there is no certificate `{name}`; `certificates` has {}",
                        crate::text::listed(known)
                    )));
                }
            }
        }
    }

    /// Looks whether what is said of TLS has what it needs.
    fn check_tls(&self, problems: &mut Problems) {
        for Named { place, values, .. } in &self.endpoints {
            if !values.is_of_tls() {
                continue;
            }
            let complete = self.complete(values);
            let names = complete.sni.iter();
            let names = names.map(|(name, values)| (format!(" for `{name}`"), values));
            for (name, values) in std::iter::once((String::new(), &complete)).chain(names) {
                if trusts_nobody(values) {
                    problems.add(Error::configuration(format!(
                        "{place}: clients are asked for a certificate{name}, and `client_authorities` does not say \
                         whose are trusted"
                    )));
                    break;
                }
                // Without a word of its own an endpoint has the program's TLS.
                let says_more = !name.is_empty() || values.says_more_of_tls();
                if says_more && values.certificate.is_none() && values.sni.is_empty() {
                    problems.add(Error::configuration(format!(
                        "{place}: there is no certificate{name} to go with what it says of TLS; write `certificate`, or \
                         `certificates.default`"
                    )));
                    break;
                }
            }
        }
    }
}

/// Whether clients are asked for certificates that lead to nothing.
fn trusts_nobody(values: &EndpointValues) -> bool {
    let asked = values
        .client_certificates
        .unwrap_or(ClientCertificates::None);
    asked != ClientCertificates::None && values.client_authorities.is_none()
}

/// Returns the tables in a table whose keys are names. A name that is there twice, or is empty, is a problem.
fn named<'a>(table: &'a Section, problems: &mut Problems) -> Vec<(&'a Entry, &'a Section)> {
    let mut found: Vec<(&Entry, &Section)> = Vec::new();
    for entry in table.entries() {
        if matches!(entry.value(), Value::Null) {
            // A stronger file takes it away.
            continue;
        }
        let Some(section) = problems.ok(entry.table()) else {
            continue;
        };
        if entry.name().trim().is_empty() {
            problems.add(entry.error("the name is empty"));
        } else if let Some((other, _)) = found.iter().find(|(known, _)| known.key() == entry.key())
        {
            problems.add(entry.error(format_args!(
                "{} has the same name; neither case nor underscores count",
                other.place()
            )));
        } else {
            found.push((entry, section));
        }
    }
    found
}
