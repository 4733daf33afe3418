use std::fmt;

macro_rules! capabilities {
    ($($variant:ident = $name:literal: $says:literal,)*) => {
        /// Something that one server can do and another cannot.
        ///
        /// Every manifest lists every capability; see [`Manifest`](crate::Manifest). A case names those that
        /// it needs, and is not run where one is absent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Capability {
            $(#[doc = $says] $variant,)*
        }

        impl Capability {
            /// Every capability, in the order of the tables.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name in manifests, in kebab-case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns what the capability means, as a sentence.
            pub fn says(self) -> &'static str {
                match self {
                    $(Self::$variant => $says,)*
                }
            }
        }
    };
}

capabilities! {
    InMemory = "in-memory": "A client in the same process reaches the server without a socket.",
    Gateway = "gateway": "A gateway hands requests over in a protocol that is not HTTP.",
    Tcp = "tcp": "The server listens on TCP addresses.",
    UnixSocket = "unix-socket": "The server listens on unix sockets.",
    PortZero = "port-zero": "Port 0 takes a free port, and the addresses name it.",
    Http1 = "http1": "HTTP/1.1.",
    Http10 = "http10": "HTTP/1.0 clients are answered in their own version's framing.",
    Http2 = "http2": "HTTP/2: by prior knowledge in cleartext, by ALPN over TLS.",
    Http3 = "http3": "HTTP/3.",
    Tls = "tls": "The server speaks TLS, and tells what was agreed on.",
    ClientCertificates = "client-certificates": "A client over TLS may show a certificate.",
    KeepAlive = "keep-alive": "One connection carries many requests.",
    Pipelining = "pipelining": "Requests that are sent ahead are answered in order.",
    HalfClose = "half-close": "A client that has shut its sending side is still answered.",
    RequestStreaming = "request-streaming": "The body of a request is read while the client still sends it.",
    ResponseStreaming = "response-streaming": "Each chunk of a response is sent at once.",
    FullDuplex = "full-duplex": "Both bodies flow at the same time.",
    BackpressureIn = "backpressure-in": "A body that is not read slows its sender.",
    BackpressureOut = "backpressure-out": "A client that does not read slows the application.",
    RequestTrailers = "request-trailers": "The application gets the trailers of a request.",
    ResponseTrailersH1 = "response-trailers-h1": "Trailers of a response are sent over HTTP/1.1.",
    ResponseTrailersH2 = "response-trailers-h2": "Trailers of a response are sent over HTTP/2.",
    ContinueLazy = "continue-lazy": "`100 Continue` is sent when the body is first read, not before.",
    UpgradeAny = "upgrade-any": "A connection is handed over to any protocol.",
    UpgradeWebsocket = "upgrade-websocket": "A connection is handed over to WebSocket.",
    ExtendedConnect = "extended-connect": "A stream of HTTP/2 or HTTP/3 is handed over to a protocol that CONNECT asks for.",
    ConnectMethod = "connect-method": "CONNECT reaches the application.",
    OptionsAsterisk = "options-asterisk": "`OPTIONS *` reaches the application.",
    AbsoluteForm = "absolute-form": "A target may be a whole URI.",
    CustomMethods = "custom-methods": "Any token is a method.",
    ObsText = "obs-text": "Field values may hold the bytes 0x80 to 0xFF.",
    BigHeader = "big-header": "A field value may have 8 KiB.",
    ConnectionId = "connection-id": "The requests of one connection share its id.",
    PeerAddress = "peer-address": "The client's address is known.",
    LocalAddress = "local-address": "The address at which a connection arrived is known.",
    DisconnectH1 = "disconnect-h1": "The application hears that the client of HTTP/1.1, or of a gateway, went away.",
    DisconnectH2 = "disconnect-h2": "The application hears that an HTTP/2 stream was reset.",
    Cancel = "cancel": "The application's future is dropped when nobody can be answered any more.",
    Abort = "abort": "The application can hang up on its client.",
    Drain = "drain": "A stop lets the requests in flight end.",
    BlockingApplication = "blocking-application": "An application that blocks its thread holds up no other request.",
    CloseIdleOnStop = "close-idle-on-stop": "A stop closes idle connections at once.",
    ProxyProtocol = "proxy-protocol": "A trusted proxy tells its client's ends by the PROXY protocol.",
    Edge = "edge": "Clients are held to limits of time and number, so that the server can face the Internet.",
}

impl Capability {
    /// Returns the capability of that name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|capability| capability.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
