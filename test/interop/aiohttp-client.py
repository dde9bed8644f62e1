"""Asks the server of the test, with aiohttp's client, and prints one line for each answer."""
import asyncio
import sys

import aiohttp


async def main(base):
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        for method, path, body in [
            ("GET", "/", None),
            ("GET", "/chunked", None),
            ("POST", "/echo", b"ping"),
            ("HEAD", "/large", None),
            ("GET", "/empty", None),
            ("GET", "/moved", None),
        ]:
            async with session.request(method, base + path, data=body) as response:
                text = await response.text()
                print(method, path, response.status, text[:20])

        async def chunks():
            for _ in range(10):
                yield b"x" * 10_000

        async with session.post(base + "/echo", data=chunks()) as response:
            print("POST chunks", response.status, len(await response.read()))


asyncio.run(main(sys.argv[1]))
