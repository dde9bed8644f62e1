# The routes of the other contenders, on Python's aiohttp. See harness/python.ts.
import asyncio
import json
import ssl
import sys

from aiohttp import web

PLAIN = "text/plain"


async def start(options):
    def greet(name):
        return web.Response(text=f"Hello, {name}!", content_type=PLAIN, charset="utf-8")

    async def hello(request):
        return greet(request.match_info["name"])

    async def get_items(request):
        return web.json_response(
            {"name": request.match_info["name"], "items": options["items"]},
            dumps=lambda value: json.dumps(value, separators=(",", ":")),
        )

    async def post_items(request):
        return greet((await request.json())["name"])

    async def text(request):
        return web.Response(text=options["text"], content_type=PLAIN, charset="utf-8")

    async def nothing(request):
        return web.Response(text="")

    app = web.Application()
    app.router.add_get("/greet/{name}", hello)
    app.router.add_get("/items/{name}", get_items)
    app.router.add_post("/items", post_items)
    app.router.add_get("/large/{name}", text)
    app.router.add_get("/huge/{name}", text)
    app.router.add_get("/api/users/{name}/posts/{post}", hello)
    for at in range(options["fillers"]):
        app.router.add_get(f"/api/resource{at}/{{id}}/items/{{item}}", nothing)
    context = None
    if options["certificates"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        folder = options["certificates"]
        context.load_cert_chain(f"{folder}/self-signed.pem", f"{folder}/self-signed.key.pem")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    return site._server.sockets[0].getsockname()[1]


async def main():
    loop = asyncio.get_running_loop()
    read = lambda: loop.run_in_executor(None, sys.stdin.readline)
    while line := await read():
        print(json.dumps(await start(json.loads(line))))


asyncio.run(main())
