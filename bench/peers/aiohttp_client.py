# What client-driver.ts does, on Python's aiohttp. See harness/python.ts.
import asyncio
import json
import sys
import time

from aiohttp import ClientSession, TCPConnector

SAMPLED = 16


async def run(session, options, requests):
    latencies = []
    started = 0

    async def work():
        nonlocal started
        urls = options["urls"]
        while started < requests:
            at = started
            started += 1
            begun = time.perf_counter() if at % SAMPLED == 0 else 0
            async with session.get(urls[at % len(urls)]) as response:
                body = await response.text()
            if begun:
                latencies.append(time.perf_counter() - begun)
            if len(body) != 13:
                raise ValueError(f"Expected a body of 13 characters, got {body!r}")

    before = time.process_time()
    await asyncio.gather(*(work() for _ in range(options["connections"])))
    cpu = (time.process_time() - before) * 1e6
    latencies.sort()
    return {"cpu": cpu, "p99": latencies[int(len(latencies) * 0.99)] * 1000}


async def main():
    loop = asyncio.get_running_loop()
    read = lambda: loop.run_in_executor(None, sys.stdin.readline)
    options = json.loads(await read())
    async with ClientSession(connector=TCPConnector(limit=options["connections"])) as session:
        print("null")
        while line := await read():
            print(json.dumps(await run(session, options, int(line))))


asyncio.run(main())
