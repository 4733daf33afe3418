"""Opens a WebSocket on each server, NAME=URL, and says what each hears when it is stopped."""

import asyncio
import sys

import websockets


async def main(servers):
    sockets = {}
    for name, url in (server.split("=", 1) for server in servers):
        sockets[name] = await websockets.connect(url, open_timeout=10)
        await sockets[name].send("hello")
        assert await asyncio.wait_for(sockets[name].recv(), 10) == "hello"
    print("all are open", flush=True)
    for name, socket in sockets.items():
        await asyncio.wait_for(socket.wait_closed(), 20)
        outcome = "ok" if socket.close_code == 1001 else "FAILED"
        print(f"{outcome} {name}: a server that stops says so to its clients ({socket.close_code})")


asyncio.run(main(sys.argv[1:]))
