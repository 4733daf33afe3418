"""Sends one kind of frame without end on a connection of HTTP/2, and says what that cost the server.

    flood.py KIND reads|deaf HOST:PORT PID

Fails if the server does not end the connection in 5 seconds, or takes 20 MiB more than before at any time. A client
that is `deaf` reads nothing; it hears of the end by a reset, for which the server waits in case somebody still reads.
"""

import os
import select
import socket
import struct
import sys
import time

CUT = {"reads": 5, "deaf": 10}
GROWTH = 20 * 1024 * 1024
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# `GET /` with `:authority` a, of the static table.
REQUEST = bytes.fromhex("828684410161")


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def resets():
    for stream in range(1, 1 << 31, 2):
        yield frame(1, 5, stream, REQUEST) + frame(3, 0, stream, struct.pack(">I", 8))


def repeated(piece, first=b""):
    yield first
    while True:
        yield piece * 100


FLOODS = {
    "PING": lambda: repeated(frame(6, 0, 0, bytes(8))),
    "SETTINGS": lambda: repeated(frame(4, 0, 0)),
    "large SETTINGS": lambda: repeated(frame(4, 0, 0, struct.pack(">HI", 0xBEBE, 1) * 2730)),
    "PRIORITY": lambda: repeated(frame(2, 0, 1, struct.pack(">IB", 0, 1))),
    "WINDOW_UPDATE": lambda: repeated(frame(8, 0, 0, struct.pack(">I", 1))),
    "unknown": lambda: repeated(frame(0xBE, 0, 0, b"what")),
    "empty DATA": lambda: repeated(frame(0, 0, 1), frame(1, 4, 1, bytes.fromhex("838684410161"))),
    "CONTINUATION": lambda: repeated(frame(9, 0, 1, b"\0\1x\x64" + b"y" * 100), frame(1, 0, 1, REQUEST)),
    "empty CONTINUATION": lambda: repeated(frame(9, 0, 1), frame(1, 0, 1, REQUEST)),
    "reset streams": resets,
}


class Process:
    def __init__(self, pid):
        self.folder = f"/proc/{pid}"
        name = os.path.basename(os.readlink(f"{self.folder}/exe"))
        if not name.startswith("transom"):
            sys.exit(f"{pid} is {name}, and not the server")
        # From now on the peak is that of this flood.
        with open(f"{self.folder}/clear_refs", "w") as file:
            file.write("5")

    def memory(self, field):
        with open(f"{self.folder}/status") as file:
            line = next(line for line in file if line.startswith(field + ":"))
        return int(line.split()[1]) * 1024

    def seconds(self):
        with open(f"{self.folder}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def flood(peer, pieces, reads, deadline):
    """Returns how many bytes were taken, and whether the server ended the connection."""
    sent, waiting = 0, b""
    try:
        peer.sendall(PREFACE + frame(4, 0, 0))
        peer.setblocking(False)
        while time.monotonic() < deadline:
            while len(waiting) < 65536:
                waiting += next(pieces)
            inputs = [peer] if reads else []
            readable, writable, _ = select.select(inputs, [peer], [], 0.1)
            if readable and not peer.recv(65536):
                return sent, True
            if writable:
                taken = peer.send(waiting)
                sent, waiting = sent + taken, waiting[taken:]
    except (ConnectionResetError, BrokenPipeError):
        return sent, True
    return sent, False


def main():
    kind, manner, address, pid = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    server = Process(pid)
    memory, cpu, begin = server.memory("VmRSS"), server.seconds(), time.monotonic()
    with socket.create_connection((host, int(port))) as peer:
        sent, ended = flood(peer, FLOODS[kind](), manner == "reads", begin + CUT[manner])
        took = time.monotonic() - begin
        grown = max(0, server.memory("VmHWM") - memory)
        used = server.seconds() - cpu
    print(
        f"{'ended' if ended else 'OPEN'} after {took:.2f} s and {sent / 1024:.0f} KiB,"
        f" {used:.2f} s of CPU, {grown / 1024 / 1024:.1f} MiB more"
    )
    sys.exit(0 if ended and grown < GROWTH else 1)


main()
