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

        async with session.post(base + "/echo", data=b"x" * 1000, expect100=True) as response:
            print("POST expect", response.status, len(await response.read()))

        async with session.post(base + "/small", data=b"x" * 2000) as response:
            print("POST small", response.status)

        async with session.get(base + "/", headers={"Connection": "close"}) as response:
            print("GET close", response.status, response.headers.get("Connection"))

        # An answer of which nobody wants the rest.
        async with session.get(base + "/endless") as response:
            print("GET endless", response.status, len(await response.content.readexactly(100_000)))

        try:
            timeout = aiohttp.ClientTimeout(total=0.2)
            async with session.get(base + "/wait", timeout=timeout):
                print("answered")
        except asyncio.TimeoutError:
            print("GET wait timed out")


asyncio.run(main(sys.argv[1]))
