//! The types that a program names: one pair for each protocol, alike but for what is spoken.

/// Defines a server and what it is once bound. `connection` serves one connection; `check` says what cannot be set
/// together.
macro_rules! gateway_server {
    (
        $(#[$docs:meta])* $server:ident,
        $(#[$bound_docs:meta])* $bound:ident,
        name: $name:literal,
        connection: $connection:path,
        $(check: $check:path,)?
    ) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        #[must_use = "a server does nothing until it is bound"]
        pub struct $server {
            options: $crate::gateway::Options,
        }

        impl $server {
            /// How many variables a request may have, as long as nobody says otherwise.
            pub const MAX_VARIABLES: usize = $crate::environment::Rules::MAX_VARIABLES;
            /// How long they may be in all, in bytes, as long as nobody says otherwise.
            pub const MAX_VARIABLES_SIZE: usize = $crate::environment::Rules::MAX_VARIABLES_SIZE;

            /// Returns a server for the addresses of a list separated by `;`. They are written with `http://`, as
            /// those of other servers, or `http://unix:` and a path. A malformed one is an error of
            /// [`bind`](::transom::Server::bind).
            pub fn new(addresses: &str) -> Self {
                Self {
                    options: $crate::gateway::Options::new(addresses),
                }
            }

            /// Returns a server for the sockets that the process was started with: those of `LISTEN_FDS`, as service
            /// managers have it, or else descriptor 0, as `spawn-fcgi`, `mod_fcgid` and lighttpd have it.
            ///
            /// `FCGI_WEB_SERVER_ADDRS`, a list of addresses separated by `,`, then says who may connect over TCP,
            /// unless [`with_allowed_peers`](Self::with_allowed_peers) does.
            pub fn from_environment() -> Self {
                let mut server = Self::new("");
                server.options.is_inherited = true;
                match ::std::env::var("FCGI_WEB_SERVER_ADDRS") {
                    Ok(peers) => server.with_allowed_peers(peers.split(',').map(str::trim)),
                    Err(_) => server,
                }
            }

            /// Adds the addresses of a list separated by `;`.
            pub fn with_address(mut self, addresses: &str) -> Self {
                self.options.requested.add(addresses);
                self
            }

            /// Sets how its sockets are made: their backlog and buffers, the mode and the owner of a unix socket.
            pub fn with_socket_options(mut self, options: ::transom::adapter::SocketOptions) -> Self {
                self.options.sockets = options;
                self
            }

            /// Sets from where gateways may connect over TCP, as networks (`10.0.0.0/8`) or addresses; this machine
            /// alone by default. Others are closed before a byte is read. One that is malformed is an error of
            /// [`bind`](::transom::Server::bind).
            ///
            /// Whoever may connect is believed: that a client has an address, speaks TLS, showed a certificate. A
            /// unix socket is for whom the mode of its file lets in.
            pub fn with_allowed_peers(
                mut self,
                networks: impl IntoIterator<Item = impl AsRef<str>>,
            ) -> Self {
                self.options.peers = $crate::gateway::Peers::new(networks);
                self
            }

            /// Sets what becomes of `SCRIPT_NAME`; [`PathBaseSource::Nothing`](crate::PathBaseSource::Nothing) by
            /// default.
            pub fn with_path_base(mut self, source: $crate::PathBaseSource) -> Self {
                self.options.rules.path_base = source;
                self
            }

            /// Sets how many variables a request may have; [`MAX_VARIABLES`](Self::MAX_VARIABLES) by default. One
            /// with more is refused with 431.
            pub fn with_max_variables(mut self, limit: usize) -> Self {
                self.options.rules.max_variables = limit;
                self
            }

            /// Sets how long the names and values of its variables may be in all, in bytes;
            /// [`MAX_VARIABLES_SIZE`](Self::MAX_VARIABLES_SIZE) by default. A request with longer ones is refused
            /// with 431.
            pub fn with_max_variables_size(mut self, limit: usize) -> Self {
                self.options.rules.max_variables_size = limit;
                self
            }

            /// Sets how long a gateway may take for the variables of a request, from when it connects; 30 seconds
            /// by default.
            pub fn with_head_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.options.head_timeout = timeout;
                self
            }

            /// Sets how long a gateway may send nothing of a body that is waited for, or take nothing of a response;
            /// 120 seconds by default, `None` for any time. A gateway is as slow as its client, unless it
            /// buffers.
            pub fn with_stall_timeout(mut self, timeout: Option<::std::time::Duration>) -> Self {
                self.options.stall_timeout = timeout;
                self
            }

            /// Sets whether a gateway that closes its sending side may still read; `false` by default: it is gone, its
            /// client with it, and the application's future is dropped. That is how nginx gives a request up.
            ///
            /// With `true` the application hears of it
            /// ([`RequestLifetime`](::transom::features::RequestLifetime)), and is answered for.
            pub fn with_half_close(mut self, allowed: bool) -> Self {
                self.options.half_close = allowed;
                self
            }

            /// Sets how many connections there may be; 1,024 by default, `None` for any number. Further ones wait
            /// where the system queues them.
            pub fn with_max_connections(mut self, limit: Option<usize>) -> Self {
                self.options.max_connections = limit;
                self
            }

            /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
            pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
                self.options.max_request_body_size = limit;
                self
            }
        }

        /// A server that was told no address: a host fills it in.
        impl Default for $server {
            fn default() -> Self {
                Self::new("")
            }
        }

        impl ::transom::Server for $server {
            type Bound = $bound;

            async fn bind(self) -> Result<Self::Bound, ::transom::Error> {
                $($check(&self.options)?;)?
                $crate::gateway::Bound::new($name, self.options).map($bound)
            }

            fn requested_addresses(&mut self) -> Option<&mut ::transom::features::RequestedAddresses> {
                (!self.options.is_inherited).then_some(&mut self.options.requested)
            }
        }

        $(#[$bound_docs])*
        #[derive(Debug)]
        pub struct $bound($crate::gateway::Bound);

        impl ::transom::BoundServer for $bound {
            fn features(&self) -> &::transom::Features {
                &self.0.features
            }

            async fn serve<A: ::transom::Application>(
                self,
                app: A,
                shutdown: ::transom::Shutdown,
            ) -> Result<(), ::transom::Error> {
                self.0.serve(app, shutdown, $connection).await
            }
        }
    };
}

pub(crate) use gateway_server;
