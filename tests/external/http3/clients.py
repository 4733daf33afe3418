"""Clients of HTTP/3 that are well behaved. `clients.py ADDRESS CLIENT CHECK`: fails if the check does not hold."""

import asyncio
import ssl
import sys
import warnings
from urllib.parse import urlsplit

warnings.filterwarnings("ignore")
ADDRESS, CLIENT, CHECK = sys.argv[1:4]
UPLOAD = bytes(range(256)) * 20_000


def equal(wanted, got):
    if wanted != got:
        sys.exit(f"wanted: {wanted!r:.200}\n   got: {got!r:.200}")


class Curl:
    """libcurl on ngtcp2 and nghttp3."""

    version = 30

    def __init__(self):
        from curl_cffi import requests

        self.session = requests.Session(verify=False)

    def ask(self, method, path, data=None):
        answer = self.session.request(
            method, ADDRESS + path, data=data, http_version="v3only", timeout=30
        )
        return answer.http_version, answer.status_code, dict(answer.headers), answer.content


class Niquests:
    """qh3, a descendant of aioquic, below urllib3."""

    version = 30

    def __init__(self):
        import niquests

        self.session = niquests.Session()
        at = urlsplit(ADDRESS)
        self.session.quic_cache_layer[(at.hostname, at.port)] = (at.hostname, at.port)

    def ask(self, method, path, data=None):
        answer = self.session.request(method, ADDRESS + path, data=data, verify=False, timeout=30)
        return answer.http_version, answer.status_code, dict(answer.headers), answer.content


class Aioquic:
    """aioquic's own HTTP/3."""

    version = 30

    def ask(self, method, path, data=None):
        return asyncio.run(self.exchange(method, path, data))

    async def exchange(self, method, path, data):
        from aioquic.asyncio import QuicConnectionProtocol, connect
        from aioquic.h3.connection import H3_ALPN, H3Connection
        from aioquic.h3.events import DataReceived, HeadersReceived
        from aioquic.quic.configuration import QuicConfiguration

        class Client(QuicConnectionProtocol):
            def __init__(self, *arguments, **named):
                super().__init__(*arguments, **named)
                self.http = H3Connection(self._quic)
                self.fields, self.body = {}, bytearray()
                self.done = asyncio.get_running_loop().create_future()

            def quic_event_received(self, event):
                for part in self.http.handle_event(event):
                    if isinstance(part, HeadersReceived):
                        self.fields |= {n.decode(): v.decode() for n, v in part.headers}
                    elif isinstance(part, DataReceived):
                        self.body += part.data
                    if part.stream_ended and not self.done.done():
                        self.done.set_result(None)

        configuration = QuicConfiguration(alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE)
        at = urlsplit(ADDRESS)
        async with connect(
            at.hostname, at.port, configuration=configuration, create_protocol=Client
        ) as client:
            stream = client._quic.get_next_available_stream_id()
            head = [
                (b":method", method.encode()),
                (b":scheme", b"https"),
                (b":authority", at.netloc.encode()),
                (b":path", path.encode()),
            ]
            client.http.send_headers(stream, head, end_stream=data is None)
            if data is not None:
                client.http.send_data(stream, data, end_stream=True)
            client.transmit()
            await asyncio.wait_for(client.done, 30)
            status = int(client.fields.pop(":status"))
            return 30, status, client.fields, bytes(client.body)


def main():
    client = {"curl": Curl, "niquests": Niquests, "aioquic": Aioquic}[CLIENT]()
    if CHECK == "get":
        version, status, fields, body = client.ask("GET", "/")
        equal((client.version, 200), (version, status))
        equal(b"HTTP/3.0 over udp and TLSv1.3\n", body)
        equal(str(len(body)), fields.get("content-length"))
        equal(True, "date" in fields)
    elif CHECK == "again":
        for _ in range(20):
            equal(200, client.ask("GET", "/")[1])
    elif CHECK == "head":
        _, status, fields, body = client.ask("HEAD", "/")
        equal((200, b"", "30"), (status, body, fields.get("content-length")))
    elif CHECK == "echo":
        _, status, _, body = client.ask("POST", "/echo", UPLOAD)
        equal(200, status)
        equal(True, body == UPLOAD)
    elif CHECK == "large":
        _, status, _, body = client.ask("GET", "/large/20000000")
        equal((200, 20_000_000), (status, len(body)))
    elif CHECK == "unread":
        _, status, _, body = client.ask("POST", "/unread", UPLOAD)
        equal((200, b"not read\n"), (status, body))
    else:
        sys.exit(f"`{CHECK}` is no check")


main()
