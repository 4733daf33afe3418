"""Requests that a proxy and what stands behind it might understand in two ways, at HOST:PORT.

Inside of each a second request is hidden, where RFC 9112 has a body, or nothing that may be answered. If front and
back disagree, that comes to /guestbook, which the server tells; or an answer goes to somebody else. Prints
`ok WHAT` or `FAILED WHAT` for each check.
"""

import socket
import sys
import threading

HOST, PORT = sys.argv[1].split(":")
TIME = 20


def hidden(name):
    return f"GET /guestbook?{name} HTTP/1.1\r\nHost: example.com\r\n\r\n"


def post(*fields, body="", version="1.1", path="/length", method="POST"):
    lines = [f"{method} {path} HTTP/{version}", "Host: example.com", *fields]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def requests():
    """Yields names and requests."""
    chunked = "Transfer-Encoding: chunked"

    def sized(name):
        return f"Content-Length: {len(hidden(name))}"

    def inside(name):
        """A chunk with the request in it, and the last chunk."""
        return f"{len(hidden(name)):x}\r\n{hidden(name)}\r\n0\r\n\r\n"

    # Both lengths: who goes by the one sees a request where who goes by the other sees a body.
    for name, fields in {
        "cl.te": ("Content-Length: {long}", chunked),
        "te.cl": (chunked, "Content-Length: {short}"),
        "cl.te-1.0": ("Content-Length: {long}", chunked, "Connection: keep-alive"),
        "cl.cl": ("Content-Length: {long}", "Content-Length: 0"),
        "cl-list": ("Content-Length: {long}, 0",),
        "cl-sign": ("Content-Length: +{long}",),
        "cl-zeros": ("Content-Length: 0{long}",),
        "cl-blank": ("Content-Length : {long}",),
        "cl-vt": ("Content-Length:\x0b{long}",),
        "cl-named": ("Connection: close, Content-Length", "Content-Length: {long}"),
        "cl-underscore": ("Content_Length: 0", "Content-Length: {long}"),
    }.items():
        version = "1.0" if name.endswith("1.0") else "1.1"
        short = len(f"{len(hidden(name)):x}\r\n")
        if name == "te.cl":
            yield name, post(*(field.format(short=short) for field in fields), body=inside(name))
            continue
        body = f"0\r\n\r\n{hidden(name)}" if chunked in fields else hidden(name)
        yield name, post(*(field.format(long=len(body)) for field in fields), body=body, version=version)

    # A transfer coding that only one of them knows. Who does not goes by the length, and sees a body.
    for name, field in {
        "te-blank": "Transfer-Encoding : chunked",
        "te-tab": "Transfer-Encoding:\tchunked",
        "te-vt": "Transfer-Encoding:\x0bchunked",
        "te-ff": "Transfer-Encoding: \x0cchunked",
        "te-nul": "Transfer-Encoding: chunked\0",
        "te-x": "Transfer-Encoding: xchunked",
        "te-quoted": 'Transfer-Encoding: "chunked"',
        "te-comma": "Transfer-Encoding: chunked,",
        "te-first": "Transfer-Encoding: chunked, identity",
        "te-last": "Transfer-Encoding: identity, chunked",
        "te-cow": "Transfer-Encoding: cow, chunked",
        "te-twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "te-two": "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
        "te-upper": "TRANSFER-ENCODING: CHUNKED",
        "te-fold": "Transfer-Encoding:\r\n chunked",
        "te-folded": "X: y\r\n Transfer-Encoding: chunked",
        "te-lf": "X: y\nTransfer-Encoding: chunked",
        "te-cr": "X: y\rTransfer-Encoding: chunked",
        "te-underscore": "Transfer_Encoding: chunked",
        "te-named": "Connection: keep-alive, Transfer-Encoding\r\nTransfer-Encoding: chunked",
        "te-semicolon": "Transfer-Encoding: chunked;a=b",
        "te-first-line": " Transfer-Encoding: chunked",
    }.items():
        body = f"0\r\n\r\n{hidden(name)}"
        yield name, post(field, f"Content-Length: {len(body)}", body=body)

    # Chunks whose ends only one of them sees. What is hidden is in the chunk for who counts right.
    for name, begin in {
        "chunk-lf": "{size}\n",
        "chunk-cr": "{size}\r",
        "chunk-space": "{size} \r\n",
        "chunk-0x": "0x{size}\r\n",
        "chunk-plus": "+{size}\r\n",
        "chunk-underscore": "0_{size}\r\n",
        "chunk-wrap": "100000000000000{size}\r\n",
        "chunk-ext-lf": "{size};a\n0\r\n\r\n",
        "chunk-ext-cr": "{size};a\r0\r\n\r\n",
        "chunk-ext-quoted-lf": '{size};a="\n0\r\n\r\n"\r\n',
        "chunk-ext": "{size};0=0\r\n",
        "chunk-zeros": "000000000000000000000000{size}\r\n",
    }.items():
        size = f"{len(hidden(name)):x}"
        yield name, post(chunked, body=f"{begin.format(size=size)}{hidden(name)}\r\n0\r\n\r\n")
    for name, end in (("chunk-data-lf", "\n"), ("chunk-data-cr", "\r"), ("chunk-data-none", ""), ("chunk-data-two", "xx")):
        yield name, post(chunked, body=f"1\r\nx{end}{inside(name)}")
    yield "chunk-negative", post(chunked, body=f"-1\r\n{hidden('chunk-negative')}\r\n0\r\n\r\n")
    yield "trailer-length", post(chunked, body=f"0\r\nContent-Length: 9\r\nX: {hidden('trailer-length')[:-4]}\r\n\r\n")
    yield "trailer-fold", post(chunked, body=f"0\r\nX: y\r\n {hidden('trailer-fold')}")

    # Bodies that nobody expects, or that the application leaves.
    for name, method, path in (
        ("get-body", "GET", "/length"),
        ("get-left", "GET", "/"),
        ("post-left", "POST", "/seen"),
        ("post-nowhere", "POST", "/nothing"),
        ("head-left", "HEAD", "/seen"),
        ("options-left", "OPTIONS", "/seen"),
        ("delete-left", "DELETE", "/status/204"),
        ("not-modified-left", "POST", "/status/304"),
    ):
        yield name, post(sized(name), body=hidden(name), path=path, method=method)
        yield name + "-chunked", post(chunked, body=inside(name + "-chunked"), path=path, method=method)
    yield "expect", post("Expect: 100-continue", sized("expect"), body=hidden("expect"))
    yield "expect-left", post("Expect: 100-continue", sized("expect-left"), body=hidden("expect-left"), path="/seen")
    yield "expect-twice", post("Expect: x, 100-continue", sized("expect-twice"), body=hidden("expect-twice"))
    yield "1.0-left", post(
        "Connection: keep-alive", sized("1.0-left"), body=hidden("1.0-left"), path="/seen", version="1.0"
    )
    # An upgrade with a body, and one to what nobody speaks.
    for name, protocol in (("upgrade", "websocket"), ("upgrade-h2c", "h2c"), ("upgrade-tls", "TLS/1.0")):
        fields = (f"Upgrade: {protocol}", "Connection: Upgrade", "Sec-WebSocket-Version: 777", "Sec-WebSocket-Key: x")
        yield name, post(*fields, sized(name), body=hidden(name), path="/websocket", method="GET")

    # A line that is two, or whose end is not one.
    for name, line in {
        "target-lf": "GET /seen HTTP/1.1\n{} HTTP/1.1",
        "target-cr": "GET /seen\r{} HTTP/1.1",
        "target-blank": "GET /seen HTTP/1.1\t{} HTTP/1.1",
    }.items():
        begin = line.format(f"X: GET /guestbook?{name}")
        yield name, f"{begin}\r\nHost: example.com\r\n\r\n"


def exchange(request, wait):
    """What comes back within some time, or until the end."""
    answer = b""
    with socket.create_connection((HOST, int(PORT)), TIME) as stream:
        stream.sendall(request.encode("latin-1"))
        stream.settimeout(wait)
        try:
            while data := stream.recv(65536):
                answer += data
        except OSError:
            pass
    return answer


def ask(target):
    request = f"GET {target} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
    return exchange(request, TIME).decode("latin-1")


def tell(holds, what, why=""):
    print("ok" if holds else "FAILED", what, flush=True)
    if not holds:
        print("         ", why, flush=True)


# Twice, so that the second time meets connections to the server that are kept; and all at once.
vectors = list(requests())
answers = {}
for _ in range(2):
    threads = [
        threading.Thread(target=lambda name=name, request=request: answers.update({name: exchange(request, 1.5)}))
        for name, request in vectors
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

others = [number for number in range(60) if f"target: /seen?other={number}\n" not in ask(f"/seen?other={number}")]
tell(not others, "everybody else gets the answer to their own request", others)
silent = [name for name, answer in answers.items() if not answer.startswith(b"HTTP/1.")]
print(f"{len(vectors)} requests; refused:", sum(b" 400 " in answer[:20] for answer in answers.values()), end="; ")
print("not answered:", ", ".join(silent) or "none")
# Two that are two, so that one knows that what comes there is seen.
pair = exchange(post() + hidden("pair"), 3).decode("latin-1")
book = ask("/guestbook?end").split("\r\n\r\n", 1)[-1]
tell("/guestbook?pair" in pair and "/guestbook?end" in book, "what comes to the place is seen there", book)
reached = [name for name, _ in vectors if f"/guestbook?{name}\n" in book]
tell(not reached, f"no request that is hidden in one of {len(vectors)} is answered", [(name, answers[name][:300]) for name in reached])
