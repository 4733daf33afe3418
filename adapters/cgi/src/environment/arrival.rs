use http::{HeaderMap, HeaderValue, Request, Uri, header};
use transom::adapter::{Call, Dispatcher, check_head};
use transom::features::{ConnectionInfo, PathBase, RequestExt, Scheme, ServerVariables, TlsInfo};
use transom::{Application, Body};

use super::length::{BodyLength, length};
use super::{Refusal, Rules, fields, host, line, peer, target, tls};

/// A request as a gateway told of it, but for its body.
///
/// The client's connection ends at the gateway, which does not say which requests shared it: so each request is one
/// of its own.
#[derive(Debug)]
pub(crate) struct Arrival {
    request: Request<()>,
    length: Option<u64>,
    /// The path base, and the target without it.
    split: Option<(PathBase, Uri)>,
    variables: ServerVariables,
    info: ConnectionInfo,
    scheme: Scheme,
    tls: Option<TlsInfo>,
}

impl Arrival {
    /// Reads the variables of a request.
    ///
    /// # Errors
    ///
    /// They make no request that an application may see.
    pub(crate) fn read(variables: ServerVariables, rules: &Rules) -> Result<Self, Refusal> {
        let method = line::method(&variables)?;
        let mut fields = fields::fields(&variables)?;
        let length = length(&variables, &method)?;
        if let (Some(bytes), true) = (length.bytes, length.announced) {
            fields.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
        }
        Self::with_fields(variables, fields, length.bytes, rules)
    }

    /// Reads the variables of a request whose fields, and the length of whose body, were told by themselves.
    ///
    /// # Errors
    ///
    /// As those of [`read`](Self::read).
    pub(crate) fn with_fields(
        variables: ServerVariables,
        mut fields: HeaderMap,
        length: Option<u64>,
        rules: &Rules,
    ) -> Result<Self, Refusal> {
        let mut request = Request::new(());
        *request.method_mut() = line::method(&variables)?;
        *request.version_mut() = line::version(&variables);
        *request.uri_mut() = target::target(&variables)?;
        let scheme = line::scheme(&variables);
        if !fields.contains_key(header::HOST)
            && request.uri().authority().is_none()
            && let Some(host) = host::host(&variables, scheme)
        {
            fields.insert(header::HOST, host);
        }
        *request.headers_mut() = fields;
        check_head(&request).map_err(|error| Refusal::malformed(error.to_string()))?;
        Ok(Self {
            length,
            split: rules.path_base.split(&variables, request.uri()),
            info: peer::connection(&variables, request.version()),
            tls: match scheme {
                Scheme::Https => tls::tls(&variables)?,
                _ => None,
            },
            scheme,
            request,
            variables,
        })
    }

    /// Returns how long the body is, if the gateway says so.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns where the body ends, for a protocol that has none without a length.
    pub(crate) fn body_length(&self) -> BodyLength {
        BodyLength::Known(self.length.unwrap_or(0))
    }

    /// Returns where the body ends, for a protocol in which one that came in chunks ends with the input.
    pub(crate) fn body_length_or_end(&self) -> BodyLength {
        match self.length {
            None if self.variables.get("HTTP_TRANSFER_ENCODING").is_some() => BodyLength::UntilEnd,
            length => BodyLength::Known(length.unwrap_or(0)),
        }
    }

    /// Returns the head.
    pub(crate) fn request(&self) -> &Request<()> {
        &self.request
    }

    /// Returns the path base, and the target without it.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn split(&self) -> Option<&(PathBase, Uri)> {
        self.split.as_ref()
    }

    /// Begins the request, which counts as in flight from now on.
    pub(crate) fn call<A: Application>(self, dispatcher: &Dispatcher<A>, body: Body) -> Call<A> {
        let mut connection = dispatcher.connection(self.info, self.scheme);
        if let Some(tls) = self.tls {
            connection = connection.with_feature(tls);
        }
        let mut call = dispatcher.call(&connection, self.request.map(|()| body));
        let request = call.request_mut();
        request.features_mut().insert(self.variables);
        if let Some((base, left)) = self.split {
            *request.uri_mut() = left;
            request.features_mut().insert(base);
        }
        call
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use transom::features::OriginalTarget;
    use transom::{Features, Request, Response, Shutdown};

    use super::*;
    use crate::PathBaseSource;

    const LEAST: [(&str, &str); 3] = [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/app/a%2Fb?q"),
        ("HTTP_HOST", "a.test"),
    ];

    fn arrival(more: &[(&'static str, &'static str)]) -> Result<Arrival, Refusal> {
        let rules = Rules {
            path_base: PathBaseSource::ScriptName,
            ..Rules::default()
        };
        let all = LEAST.into_iter().chain(more.iter().copied());
        Arrival::read(all.collect(), &rules)
    }

    #[test]
    fn a_host_is_there_once_and_is_one() {
        let error = arrival(&[("HTTP_HOST", "b.test")]).unwrap_err();
        assert_eq!(error.to_string(), "the request has more than one `Host`");
        let variables = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/")];
        let named = variables.into_iter().chain([("SERVER_NAME", "c.test")]);
        let named = Arrival::read(named.collect(), &Rules::default()).unwrap();
        assert_eq!(named.request().headers()["host"], "c.test");
        let none = Arrival::read(variables.into_iter().collect(), &Rules::default());
        assert_eq!(none.unwrap_err().to_string(), "the request has no `Host`");
    }

    #[test]
    fn a_target_that_its_method_does_not_take_is_refused() {
        let all = [
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "*"),
            ("HTTP_HOST", "a.test"),
        ];
        assert!(Arrival::read(all.into_iter().collect(), &Rules::default()).is_err());
    }

    #[tokio::test]
    async fn the_path_base_is_taken_off_and_the_target_stays() {
        let app = |request: Request| async move {
            let base = request.feature::<PathBase>().map(ToString::to_string);
            let target = request.feature::<OriginalTarget>().map(ToString::to_string);
            let user = request
                .feature::<ServerVariables>()
                .and_then(|variables| variables.text("REMOTE_USER").map(str::to_owned));
            let all = [base, Some(request.uri().to_string()), target, user];
            let all: Vec<_> = all.into_iter().map(Option::unwrap_or_default).collect();
            Response::new(Body::from(all.join(" ")))
        };
        let (_trigger, shutdown) = Shutdown::pair();
        let dispatcher = Dispatcher::new(app, Features::new(), &shutdown);
        let arrival = arrival(&[("SCRIPT_NAME", "/app"), ("REMOTE_USER", "ada")]).unwrap();
        let response = arrival
            .call(&dispatcher, Body::empty())
            .run()
            .await
            .unwrap();
        let seen = Body::new(response.into_body()).collect(256).await.unwrap();
        assert_eq!(seen, "/app /a%2Fb?q /app/a%2Fb?q ada");
    }
}
