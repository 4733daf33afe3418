//! A server of HTTP/2 that answers 200 to every request and lets its clients do what they like: a fault for
//! each rule about frames.

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use transom::features::{Scheme, ServerAddress, ServerAddresses, ServerInfo};
use transom::{Application, BoundServer, Error, Features, HyperServer, Server, Shutdown};
use transom_conformance::{Frame, Protocol};

use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    let lets = |case, what| {
        Fault::server(case, what, || Obliging.boxed())
            .beside(|| HyperServer::new("http://127.0.0.1:0").boxed())
            .on(Protocol::Http2)
    };
    vec![
        lets("S-H2-MALFORMED", "everything is answered 200"),
        lets("S-L-H2RESET", "resets are not counted"),
        lets("S-L-CONT", "fields may go on for ever"),
        lets("S-L-H2CONTROL", "PING and SETTINGS are not counted"),
        lets("S-UPG-ECONNECT", "nothing comes back on the stream"),
    ]
}

struct Obliging;

struct BoundObliging {
    listener: TcpListener,
    features: Features,
}

impl Server for Obliging {
    type Bound = BoundObliging;

    async fn bind(self) -> Result<BoundObliging, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ServerAddress::tcp(Scheme::Http, listener.local_addr().unwrap());
        let mut features = Features::new();
        features.insert(ServerInfo::new("obliging", "0"));
        features.insert(ServerAddresses::new(Vec::new(), vec![address]));
        Ok(BoundObliging { listener, features })
    }
}

impl BoundServer for BoundObliging {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, _: A, _: Shutdown) -> Result<(), Error> {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = self.listener.accept().await {
            connections.spawn(connection(stream));
        }
        Ok(())
    }
}

async fn connection(stream: TcpStream) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    reader.read_exact(&mut [0; 24]).await.ok()?;
    let settings = Frame::bytes(Frame::SETTINGS, 0, 0, &[]);
    writer.write_all(&settings).await.ok()?;
    loop {
        let mut head = [0; 9];
        reader.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        reader.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if head[3] == Frame::HEADERS {
            let flags = Frame::END_HEADERS | (head[4] & Frame::END_STREAM);
            // `:status: 200`.
            let answer = Frame::bytes(Frame::HEADERS, flags, stream, &[0x88]);
            writer.write_all(&answer).await.ok()?;
        }
    }
}
