"""A server of aiohttp's for the client tests; prints its port when it is ready."""
import asyncio

from aiohttp import web


async def hello(request):
    return web.Response(text="Hello, world!")


async def echo(request):
    body = await request.read()
    return web.Response(body=body, headers={"X-Received": str(len(body))})


async def chunked(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for word in (b"one ", b"two ", b"three"):
        await response.write(word)
        await asyncio.sleep(0)
    await response.write_eof()
    return response


async def moved(request):
    raise web.HTTPFound("/")


async def zipped(request):
    response = web.Response(text="z" * 10_000)
    response.enable_compression(force=web.ContentCoding.gzip)
    return response


async def duplex(request):
    response = web.StreamResponse()
    await response.prepare(request)
    async for chunk in request.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response


async def early(request):
    response = web.Response(text="no", status=403)
    response.force_close()
    return response


async def close(request):
    response = web.Response(text="bye")
    response.force_close()
    return response


async def dropped(request):
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    request.transport.close()
    return response


async def empty(request):
    return web.Response(status=204)


async def failing(request):
    raise web.HTTPInternalServerError


async def main():
    app = web.Application(client_max_size=2**24)
    app.router.add_get("/", hello)
    app.router.add_post("/echo", echo)
    app.router.add_get("/chunked", chunked)
    app.router.add_get("/moved", moved)
    app.router.add_get("/zipped", zipped)
    app.router.add_post("/duplex", duplex)
    app.router.add_post("/early", early)
    app.router.add_get("/close", close)
    app.router.add_get("/dropped", dropped)
    app.router.add_get("/empty", empty)
    app.router.add_get("/failing", failing)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print("listening on", site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
