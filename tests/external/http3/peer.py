"""A peer of HTTP/3 that misbehaves, on aioquic's QUIC: `peer.py ADDRESS PID` runs all of it
against that server, and prints a line for each check, `ok` or `FAILED` before its name."""

import asyncio
import ssl
import sys
import time
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pylsqpack
from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.buffer import Buffer, BufferReadError, encode_uint_var
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import (
    ConnectionTerminated,
    StopSendingReceived,
    StreamDataReceived,
    StreamReset,
)

ADDRESS = urlsplit(sys.argv[1])
GET = [
    (b":method", b"GET"),
    (b":scheme", b"https"),
    (b":authority", ADDRESS.netloc.encode()),
    (b":path", b"/"),
]
POST = [(b":method", b"POST"), *GET[1:3], (b":path", b"/echo")]
DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0, 1, 3, 4, 5, 7, 13


def frame(kind, payload=b""):
    return encode_uint_var(kind) + encode_uint_var(len(payload)) + payload


def section(fields):
    return pylsqpack.Encoder().encode(0, fields)[1]


def head(fields):
    return frame(HEADERS, section(fields))


class Peer(QuicConnectionProtocol):
    """Keeps what comes, and decodes the status of each response."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.received, self.ended, self.resets, self.stops = {}, set(), {}, {}
        self.terminated = None
        self.news = asyncio.Event()

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived):
            self.received[event.stream_id] = self.received.get(event.stream_id, b"") + event.data
            if event.end_stream:
                self.ended.add(event.stream_id)
        elif isinstance(event, StreamReset):
            self.resets[event.stream_id] = event.error_code
        elif isinstance(event, StopSendingReceived):
            self.stops[event.stream_id] = event.error_code
        elif isinstance(event, ConnectionTerminated):
            self.terminated = event.error_code
        self.news.set()

    def send(self, stream, data, end=False):
        self._quic.send_stream_data(stream, data, end)
        self.transmit()

    def side(self, data, end=False):
        stream = self._quic.get_next_available_stream_id(is_unidirectional=True)
        self.send(stream, data, end)
        return stream

    def control(self, more=b"", end=False):
        return self.side(b"\0" + frame(SETTINGS) + more, end)

    def request(self, data, end=True):
        stream = self._quic.get_next_available_stream_id()
        self.send(stream, data, end)
        return stream

    def status(self, stream):
        data = Buffer(data=self.received.get(stream, b""))
        try:
            kind, length = data.pull_uint_var(), data.pull_uint_var()
            payload = data.pull_bytes(length)
        except BufferReadError:
            return None
        _, fields = pylsqpack.Decoder(0, 0).feed_header(0, payload)
        return int(dict(fields)[b":status"]) if kind == HEADERS else None

    async def until(self, seen, time=8):
        async def wait():
            while not seen():
                self.news.clear()
                await self.news.wait()

        await asyncio.wait_for(wait(), time)


CHECKS = []


def check(name):
    def add(function):
        CHECKS.append((name, function))
        return function

    return add


ALONE = []


def alone(name):
    """As `check`, for what other checks must not run beside."""

    def add(function):
        ALONE.append((name, function))
        return function

    return add


def closes(name, code, begin):
    """The server closes the connection with a code."""

    async def run(peer):
        begin(peer)
        await peer.until(lambda: peer.terminated is not None)
        return code, peer.terminated

    CHECKS.append((f"{name}: the connection ends with {code:#x}", run))


def resets(name, code, data, end=True):
    """The server resets the stream of a request with a code, and answers the next."""

    async def run(peer):
        peer.control()
        stream = peer.request(data, end)
        await peer.until(lambda: stream in peer.resets)
        other = peer.request(head(GET))
        await peer.until(lambda: peer.status(other))
        return (code, 200), (peer.resets[stream], peer.status(other))

    CHECKS.append((f"{name}: the request ends with {code:#x}, and no other", run))


def answers(name, status, data, end=True):
    """The server answers a request."""

    async def run(peer):
        peer.control()
        stream = peer.request(data, end)
        await peer.until(lambda: peer.status(stream))
        return status, peer.status(stream)

    CHECKS.append((f"{name}: {status}", run))


def control(data, end=False):
    return lambda peer: peer.control(data, end)


def side(data, end=False):
    def begin(peer):
        peer.control()
        peer.side(data, end)

    return begin


def request(data, end=True):
    def begin(peer):
        peer.control()
        peer.request(data, end)

    return begin


closes("DATA before SETTINGS", 0x10A, lambda peer: peer.side(b"\0" + frame(DATA, b"a")))
closes("an unknown frame before SETTINGS", 0x10A, lambda peer: peer.side(b"\0" + frame(0x21)))
closes("SETTINGS twice", 0x105, control(frame(SETTINGS)))
closes("a control stream that is closed", 0x104, control(b"", end=True))
closes("two control streams", 0x103, side(b"\0"))
closes("a push stream", 0x103, side(b"\1\0"))
closes("two encoder streams", 0x103, lambda peer: [peer.side(b"\2"), peer.side(b"\2")])
for kind in (DATA, HEADERS, PUSH_PROMISE, 0x02, 0x06, 0x08, 0x09):
    closes(f"a frame {kind:#x} on the control stream", 0x105, control(frame(kind)))
closes("a setting of HTTP/2", 0x109, lambda peer: peer.side(b"\0" + frame(SETTINGS, b"\2\1")))
closes("a setting twice", 0x109, lambda peer: peer.side(b"\0" + frame(SETTINGS, b"\6\1\6\1")))
closes("SETTINGS that are cut off", 0x106, lambda peer: peer.side(b"\0" + frame(SETTINGS, b"\6")))
closes("a MAX_PUSH_ID that shrinks", 0x108, control(frame(13, b"\5") + frame(13, b"\4")))
closes("a CANCEL_PUSH of nothing", 0x108, control(frame(CANCEL_PUSH, b"\0")))
closes("a GOAWAY that grows", 0x108, control(frame(GOAWAY, b"\0") + frame(GOAWAY, b"\4")))
closes("a GOAWAY with more behind it", 0x106, control(frame(GOAWAY, b"\0\0")))
closes("an index that QPACK does not have", 0x200, request(frame(HEADERS, b"\0\0\xff\x24")))
closes("a field of the dynamic table", 0x200, request(frame(HEADERS, b"\0\0\x80")))
closes("fields that were inserted", 0x200, request(frame(HEADERS, b"\2\0\x80")))
closes("an integer that overflows", 0x200, request(frame(HEADERS, b"\0\0" + b"\xff" * 20)))
closes("a section without its prefix", 0x200, request(frame(HEADERS)))
closes("an insertion", 0x201, side(b"\2\xc1\1a"))
closes("a capacity", 0x201, side(b"\2\x3f\xe1\x1f"))
closes("an acknowledgement", 0x202, side(b"\3\x80"))
closes("a count of insertions", 0x202, side(b"\3\1"))
closes("an encoder stream that is closed", 0x104, side(b"\2", end=True))
closes("DATA before HEADERS", 0x105, request(frame(DATA, b"a")))
closes("HEADERS behind the trailers", 0x105, request(head(POST) + 2 * head([(b"a", b"b")])))
closes("DATA behind the trailers", 0x105, request(head(POST) + head([(b"a", b"b")]) + frame(DATA)))
for kind in (CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, 0x02, 0x06, 0x08, 0x09):
    closes(f"a frame {kind:#x} in a request", 0x105, request(frame(kind)))
closes("HEADERS that are cut off", 0x106, request(head(GET)[:-1]))
closes("DATA that is cut off", 0x106, request(head(POST) + frame(DATA, b"abc")[:-1]))

resets("a stream without a request", 0x10D, b"")
for left, name in enumerate((":method", ":scheme", ":authority", ":path")):
    resets(f"no {name}", 0x10E, head(GET[:left] + GET[left + 1 :]))
resets(":path twice", 0x10E, head([*GET, (b":path", b"/again")]))
resets("a pseudo-header behind a field", 0x10E, head([(b"a", b"b"), *GET]))
resets("an unknown pseudo-header", 0x10E, head([*GET, (b":other", b"b")]))
resets(":status in a request", 0x10E, head([*GET, (b":status", b"200")]))
resets("a name in upper case", 0x10E, head([*GET, (b"Upper", b"b")]))
resets("a line break in a value", 0x10E, head([*GET, (b"a", b"b\r\nc: d")]))
for name in (b"connection", b"transfer-encoding", b"upgrade", b"keep-alive", b"proxy-connection"):
    resets(f"{name.decode()}", 0x10E, head([*GET, (name, b"chunked")]))
resets("a Host that is not the :authority", 0x10E, head([*GET, (b"host", b"other")]))
resets("an empty :path", 0x10E, head([*GET[:3], (b":path", b"")]))
resets("a :scheme that is not https", 0x10E, head([GET[0], (b":scheme", b"http"), *GET[2:]]))
LENGTH = head([*POST, (b"content-length", b"5")])
resets("a body that is shorter than it says", 0x10E, LENGTH + frame(DATA, b"abc"))
resets("a body that is longer than it says", 0x10E, LENGTH + frame(DATA, b"abcdef"))
resets("no body at all where one was announced", 0x10E, LENGTH)
resets("a pseudo-header among the trailers", 0x10E, head(POST) + head([(b":path", b"/")]))
resets("two lengths", 0x10E, head([*POST, (b"content-length", b"1"), (b"content-length", b"2")]))

UNKNOWN = frame(0x21, b"x" * 5000)
answers("unknown frames are skipped", 200, UNKNOWN + head(GET) + UNKNOWN)
answers("a frame of a gigabyte that is only announced", 431, b"\1" + encode_uint_var(1 << 30), False)
answers("fields of 40 KiB", 431, head([*GET, (b"a", b"b" * 40_000)]))
answers("101 fields", 431, head(GET + 101 * [(b"a", b"b")]))
answers("a target of 9 KiB", 414, head([*GET[:3], (b":path", b"/" + b"p" * 9000)]))


@check("an unknown stream is refused with 0x103, and nothing else")
async def unknown_stream(peer):
    peer.control()
    stream = peer.side(encode_uint_var(0x21) + b"x" * 1000)
    await peer.until(lambda: stream in peer.stops)
    other = peer.request(head(GET))
    await peer.until(lambda: peer.status(other))
    return (0x103, 200), (peer.stops[stream], peer.status(other))


@check("a request before SETTINGS is answered")
async def no_settings(peer):
    stream = peer.request(head(GET))
    await peer.until(lambda: peer.status(stream))
    return 200, peer.status(stream)


@check("a body in frames of one byte comes back")
async def tiny(peer):
    peer.control()
    stream = peer.request(head(POST) + 20_000 * frame(DATA, b"x"))
    await peer.until(lambda: stream in peer.ended, 30)
    return 20_000, peer.received[stream].count(b"x")


@check("what is not read of a body is refused with H3_NO_ERROR, and the request answered")
async def unread(peer):
    peer.control()
    stream = peer.request(head([*POST[:3], (b":path", b"/unread")]), end=False)
    await peer.until(lambda: stream in peer.ended and stream in peer.stops)
    return (200, 0x100), (peer.status(stream), peer.stops[stream])


def does_not_read(peer):
    """Gives no credit beyond the first."""
    peer._quic._write_connection_limits = lambda *_, **__: None
    peer._quic._write_stream_limits = lambda *_, **__: None


def resident():
    """How much memory the server has, in bytes."""
    with open(f"/proc/{sys.argv[2]}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


async def held_by(count, begin):
    """How much more the server has while so many peers are there that read nothing."""
    before = resident()
    async with AsyncExitStack() as stack:
        for _ in range(count):
            peer = await stack.enter_async_context(connection())
            peer.control()
            does_not_read(peer)
            begin(peer)
        await asyncio.sleep(3)
        return resident() - before


def uploads(peer):
    stream = peer.request(head(POST), end=False)
    peer.send(stream, frame(DATA, bytes(5_000_000)))


@alone("40 who read nothing of 1 GB each cost the server less than 24 MB")
async def never_reads():
    path = (b":path", b"/large/1000000000")
    held = await held_by(40, lambda peer: peer.request(head([*GET[:3], path])))
    print(f"        {held / 1e6:.1f} MB")
    return True, held < 24e6


@alone("40 whose upload of 5 MB is not read cost the server less than 40 MB")
async def is_not_read():
    held = await held_by(40, uploads)
    print(f"        {held / 1e6:.1f} MB")
    return True, held < 40e6


@check("who uploads slowly is told 408, or cut off, between 4 and 15 s")
async def slow_upload(peer):
    peer.control()
    begin = time.monotonic()
    stream = peer.request(head(POST) + frame(DATA, b"x"), end=False)
    await peer.until(lambda: stream in peer.resets or stream in peer.ended, 20)
    return True, 4 < time.monotonic() - begin < 15


@check("half a head among others holds up none of them")
async def half_a_head(peer):
    peer.control()
    for _ in range(50):
        peer.request(head(GET)[:5], end=False)
    other = peer.request(head(GET))
    await peer.until(lambda: peer.status(other))
    return 200, peer.status(other)


@check("who takes every request back is closed with H3_EXCESSIVE_LOAD")
async def rapid_reset(peer):
    peer.control()
    for _ in range(400):
        for _ in range(20):
            stream = peer._quic.get_next_available_stream_id()
            if stream // 4 >= peer._quic._remote_max_streams_bidi:
                break
            peer._quic.send_stream_data(stream, head([*GET[:3], (b":path", b"/large/9000000")]))
            peer._quic.stop_stream(stream, 0x10C)
            peer._quic.reset_stream(stream, 0x10C)
        peer.transmit()
        await asyncio.sleep(0.02)
        if peer.terminated is not None:
            break
    await peer.until(lambda: peer.terminated is not None)
    return 0x107, peer.terminated


def connection():
    configuration = QuicConfiguration(
        alpn_protocols=["h3"], verify_mode=ssl.CERT_NONE, max_data=1 << 20, max_stream_data=1 << 16
    )
    at = (ADDRESS.hostname, ADDRESS.port)
    return connect(*at, configuration=configuration, create_protocol=Peer)


async def run(name, holds):
    try:
        wanted, got = await holds
        wrong = None if wanted == got else f"wanted {wanted!r}, got {got!r}"
    except Exception as error:  # whatever it is, the check does not hold
        wrong = repr(error)
    print(f"ok      {name}" if wrong is None else f"FAILED  {name}: {wrong}", flush=True)


async def main():
    gate = asyncio.Semaphore(8)

    async def connected(function):
        async with gate, connection() as peer:
            return await function(peer)

    for name, function in ALONE:
        await run(name, function())
    await asyncio.gather(*(run(name, connected(function)) for name, function in CHECKS))


asyncio.run(main())
