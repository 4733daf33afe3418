"""Python's h11, which reads every answer as RFC 9112 has it, and its http.client, as peers at ADDRESS.

`peer.py ADDRESS AUTHORITIES` prints a line for each check: `ok WHAT` or `FAILED WHAT`.
"""

import http.client
import random
import socket
import ssl
import sys
import traceback
from urllib.parse import urlsplit

import h11

AT = urlsplit(sys.argv[1])
TRUST = ssl.create_default_context(cafile=sys.argv[2])
HOST = ("Host", AT.netloc)
IS_TLS = AT.scheme == "https"
TIME = 30


def connected():
    stream = socket.create_connection((AT.hostname, AT.port), TIME)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return TRUST.wrap_socket(stream, server_hostname=AT.hostname) if IS_TLS else stream


class Peer:
    """One connection: h11 says what is sent, and reads what comes."""

    def __init__(self):
        self.stream = connected()
        self.http = h11.Connection(h11.CLIENT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def begin(self, method, path, *fields, pieces=None):
        """Sends a head, all at once or piece by piece."""
        self.write(self.http.send(h11.Request(method=method, target=path, headers=[HOST, *fields])), pieces)

    def body(self, *parts, trailers=()):
        for part in parts:
            self.write(self.http.send(h11.Data(data=part)))
        self.write(self.http.send(h11.EndOfMessage(headers=list(trailers))))

    def pretend(self, method="GET"):
        """Has h11 expect the answer to a request of that method, which is sent by other means."""
        self.http.send(h11.Request(method=method, target="/", headers=[HOST]))
        self.http.send(h11.EndOfMessage())

    def write(self, data, pieces=None):
        for at in range(0, len(data), pieces or max(len(data), 1)):
            self.stream.sendall(data[at : at + (pieces or len(data))])

    def event(self):
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(self.stream.recv(65536))
        return event

    def answer(self):
        """The status, the fields and the body of the next answer that is final."""
        head, body = self.event(), b""
        while isinstance(head, h11.InformationalResponse):
            head = self.event()
        assert isinstance(head, h11.Response), head
        while isinstance(event := self.event(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage), event
        return head.status_code, {name.decode(): value.decode() for name, value in head.headers}, body

    def ask(self, method, path, *fields, parts=(), trailers=()):
        self.begin(method, path, *fields)
        self.body(*parts, trailers=trailers)
        return self.answer()

    def is_closed(self):
        """Whether the server ended the connection, and had nothing more to say."""
        return self.stream.recv(1) == b""


def equal(wanted, got):
    assert wanted == got, f"wanted: {wanted!r:.200}, got: {got!r:.200}"


CHUNKED = ("Transfer-Encoding", "chunked")


def many_requests_on_one_connection():
    with Peer() as peer:
        for number in range(50):
            equal((200, b"x" * number), peer.ask("GET", f"/bytes/{number}")[::2])
            peer.http.start_next_cycle()


def answers_without_a_body_are_followed_by_the_next():
    with Peer() as peer:
        for method, path, status in (
            ("HEAD", "/", 200),
            ("HEAD", "/bytes/100", 200),
            ("HEAD", "/stream/2", 200),
            ("HEAD", "/nothing", 404),
            ("GET", "/status/204", 204),
            ("GET", "/status/304", 304),
            ("HEAD", "/status/304", 304),
            ("GET", "/status/205", 205),
        ):
            equal((status, b""), peer.ask(method, path)[::2])
            peer.http.start_next_cycle()
            equal((200, b"hello"), peer.ask("GET", "/")[::2])
            peer.http.start_next_cycle()


def a_body_in_chunks_with_trailers_comes_back():
    parts = [random.randbytes(random.randrange(1, 20_000)) for _ in range(50)]
    with Peer() as peer:
        for path in ("/echo", "/whole"):
            equal((200, b"".join(parts)), peer.ask("POST", path, CHUNKED, parts=parts, trailers=[("x-sum", "1")])[::2])
            peer.http.start_next_cycle()


def it_does_not_matter_in_what_pieces_a_request_comes():
    request = (
        b"POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'5;a="b;c"\r\nhello\r\n6\r\n world\r\n0\r\nx-a: b\r\n\r\n'
    )
    for pieces in (1, 2, 3, 7, 11, 50):
        with Peer() as peer:
            for _ in range(3):
                peer.pretend()
                peer.write(request, pieces)
                equal((200, b"hello world"), peer.answer()[::2])
                peer.http.start_next_cycle()


def a_hundred_requests_at_once_are_answered_in_their_order():
    with Peer() as peer:
        peer.write(
            b"".join(b"GET /bytes/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(100)), 1000
        )
        for number in range(100):
            peer.pretend()
            equal((200, b"x" * number), peer.answer()[::2])
            peer.http.start_next_cycle()


def continue_comes_before_the_body_and_once():
    with Peer() as peer:
        for _ in range(3):
            peer.begin("POST", "/whole", ("Content-Length", "5"), ("Expect", "100-continue"))
            first = peer.event()
            assert isinstance(first, h11.InformationalResponse), first
            equal(100, first.status_code)
            peer.body(b"hello")
            second = peer.event()
            assert isinstance(second, h11.Response), second
            equal((b"hello", h11.EndOfMessage), (peer.event().data, type(peer.event())))
            peer.http.start_next_cycle()


def who_does_not_wait_for_continue_is_answered_all_the_same():
    with Peer() as peer:
        equal((200, b"hello"), peer.ask("POST", "/whole", ("Content-Length", "5"), ("Expect", "100-continue"), parts=[b"hello"])[::2])
        peer.http.start_next_cycle()
        equal(200, peer.ask("GET", "/")[0])


def an_answer_that_comes_before_the_body_ends_the_connection():
    with Peer() as peer:
        peer.begin("POST", "/length", ("Content-Length", "31000000"), ("Expect", "100-continue"))
        status, fields, _ = peer.answer()
        equal((413, "close"), (status, fields.get("connection")))
        assert peer.is_closed()


def close_is_announced_and_done():
    with Peer() as peer:
        status, fields, _ = peer.ask("GET", "/stream/3", ("Connection", "close"))
        equal((200, "close"), (status, fields.get("connection")))
        assert peer.is_closed()
        equal(h11.MUST_CLOSE, peer.http.our_state)


def a_refusal_is_a_whole_answer():
    for request, status in (
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n x: y\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: frob, chunked\r\n\r\n", 501),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"a" * 40_000 + b"\r\n\r\n", 431),
    ):
        with Peer() as peer:
            peer.pretend()
            peer.write(request)
            got, fields, body = peer.answer()
            equal((status, "close", "0", b""), (got, fields.get("connection"), fields.get("content-length"), body))
            assert "date" in fields, fields
            assert peer.is_closed()


def what_came_before_a_malformed_request_is_answered():
    with Peer() as peer:
        peer.write(b"GET /after/200 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\nGET /guestbook HTTP/1.1\r\nHost: a\r\n\r\n")
        for status in (200, 400):
            peer.pretend()
            equal(status, peer.answer()[0])
            if status == 200:
                peer.http.start_next_cycle()
        assert peer.is_closed()


def a_request_that_breaks_off_is_never_answered_as_if_it_were_whole():
    request = b"POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    chunked = b"POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    for whole in (request, chunked):
        for length in range(1, len(whole)):
            with Peer() as peer:
                peer.write(whole[:length])
                end_sending(peer.stream)
                answer = b""
                while data := peer.stream.recv(65536):
                    answer += data
                assert not answer or answer.startswith(b"HTTP/1.1 400 "), (whole[:length], answer)


def a_client_that_ends_its_side_is_still_answered():
    with Peer() as peer:
        peer.begin("GET", "/after/200")
        peer.body()
        end_sending(peer.stream)
        equal((200, b"hello"), peer.answer()[::2])


def end_sending(stream):
    if IS_TLS:
        # The socket's own end, without a word of TLS: what it sent before may be cut off, and the server cannot
        # know that it is not. `unwrap` would want the server's end too.
        socket.socket.shutdown(stream, socket.SHUT_WR)
    else:
        stream.shutdown(socket.SHUT_WR)


def http_client(version):
    kind = http.client.HTTPSConnection if IS_TLS else http.client.HTTPConnection
    client = kind(AT.hostname, AT.port, timeout=TIME, **({"context": TRUST} if IS_TLS else {}))
    client._http_vsn, client._http_vsn_str = version, f"HTTP/{version // 10}.{version % 10}"
    return client


def the_connection_of_http_client_is_kept():
    client, body = http_client(11), random.randbytes(100_000)
    client.connect()
    stream = client.sock
    for _ in range(10):
        for method, path, data, wanted in (
            ("GET", "/", None, b"hello"),
            ("POST", "/echo", body, body),
            # Of unknown length: in chunks.
            ("PUT", "/whole", iter([body[:10], body[10:]]), body),
            ("HEAD", "/bytes/9", None, b""),
            ("DELETE", "/nothing", None, b""),
        ):
            client.request(method, path, data, encode_chunked=True)
            equal(wanted, client.getresponse().read())
    assert client.sock is stream, "it was closed in between"
    client.close()


def http_client_speaks_http_1_0():
    client = http_client(10)
    for fields, kept in (({}, False), ({"Connection": "keep-alive"}, True)):
        for path, length in (("/bytes/5", 5), ("/", 5)):
            client.request("GET", path, headers=fields)
            answer = client.getresponse()
            equal((200, length), (answer.status, len(answer.read())))
            equal(kept, client.sock is not None)
    client.request("GET", "/stream/3", headers={"Connection": "keep-alive"})
    answer = client.getresponse()
    equal((None, 3072), (answer.getheader("transfer-encoding"), len(answer.read())))
    client.close()


CHECKS = (
    many_requests_on_one_connection,
    answers_without_a_body_are_followed_by_the_next,
    a_body_in_chunks_with_trailers_comes_back,
    it_does_not_matter_in_what_pieces_a_request_comes,
    a_hundred_requests_at_once_are_answered_in_their_order,
    continue_comes_before_the_body_and_once,
    who_does_not_wait_for_continue_is_answered_all_the_same,
    an_answer_that_comes_before_the_body_ends_the_connection,
    close_is_announced_and_done,
    a_refusal_is_a_whole_answer,
    what_came_before_a_malformed_request_is_answered,
    a_request_that_breaks_off_is_never_answered_as_if_it_were_whole,
    *(() if IS_TLS else (a_client_that_ends_its_side_is_still_answered,)),
    the_connection_of_http_client_is_kept,
    http_client_speaks_http_1_0,
)

# The same bytes in every run.
random.seed(1)
for check in CHECKS:
    what = f"{'http.client' if 'http_client' in check.__name__ else 'h11'}: {check.__name__.replace('_', ' ')}"
    try:
        check()
        print("ok", what, flush=True)
    except Exception:
        print("FAILED", what, flush=True)
        print("".join(traceback.format_exc(limit=-2)), flush=True)
