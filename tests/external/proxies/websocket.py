"""Talks to an echo at ws://HOST:PORT/websocket: text, bytes, an empty message, a ping, an orderly end."""

import asyncio
import os
import sys

import websockets


async def talk(url):
    async with websockets.connect(url, max_size=None, open_timeout=10) as socket:
        for message in ("hello", "", "é" * 50_000, os.urandom(100_000)):
            await socket.send(message)
            answer = await asyncio.wait_for(socket.recv(), 10)
            assert answer == message, f"{len(message)} went, {len(answer)} came back"
        await asyncio.wait_for(await socket.ping(), 10)
    assert socket.close_code == 1000, f"closed with {socket.close_code}"


asyncio.run(talk(sys.argv[1]))
