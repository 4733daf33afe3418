"""Uploads two pieces to /any-length of the gateway at 127.0.0.1:PORT: the second when the program has the first.

    in_pieces.py PORT length|chunked

It fails if the gateway keeps the first to itself.
"""
import http.client
import sys
import time

port, framing = int(sys.argv[1]), sys.argv[2]


def received():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/received")
    return int(connection.getresponse().read())


before = received()
upload = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
upload.putrequest("POST", "/any-length")
if framing == "length":
    upload.putheader("content-length", "11")
else:
    upload.putheader("transfer-encoding", "chunked")
upload.endheaders()


def send(piece):
    upload.send(piece if framing == "length" else b"%x\r\n%s\r\n" % (len(piece), piece))


send(b"first")
deadline = time.monotonic() + 5
while received() != before + 5:
    if time.monotonic() > deadline:
        sys.exit("the program has not got the first piece")
    time.sleep(0.05)
send(b"second")
if framing == "chunked":
    upload.send(b"0\r\n\r\n")
response = upload.getresponse()
body = response.read()
if (response.status, body) != (200, b"11"):
    sys.exit(f"the answer is {response.status} {body!r}")
