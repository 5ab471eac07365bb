"""The server of the page: on this machine alone, and so that no request leaves it."""

import socket
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import InputError, MildnetError
from core.images import Pixels, encode, shrink
from core.paths import MIXED, PAGE
from triplets.tune.page import page
from triplets.tune.queries import Query
from triplets.tune.tuning import Tuning

HOST = "127.0.0.1"
_SIDE, _QUALITY = 224, 85  # of a photo on the page
_PHOTOS = 4096  # encoded photos that are remembered, some 10 kB each
_PATIENCE = 1  # seconds that an answer may still take when the page is stopped
_LARGEST_UPLOAD = "50mb"
# What the page may load: nothing from elsewhere. Gradio's own code needs the rest.
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
    " script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; font-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'self'"
)
_STYLE = Path(__file__).parent / "templates/page.css"


def application(tuning: Tuning) -> FastAPI:
    """The page and the pictures that it shows."""
    app = FastAPI(openapi_url=None)
    # Another site's page could reach a server on this machine under a name of its own.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    app.add_middleware(_Policy)
    app.add_middleware(_OwnPagesAlone)

    @lru_cache(maxsize=_PHOTOS)
    def encoded(version: str, image_id: str) -> bytes:
        return _jpeg(tuning.opened().photos[image_id])

    @app.get("/photo/{version}/{image_id:path}")
    def photo(version: str, image_id: str) -> Response:
        try:
            return _picture(encoded(version, image_id), lasting=True)
        except MildnetError as error:
            return PlainTextResponse(str(error), 404)

    @app.get("/upload/{number}")
    def upload(number: str) -> Response:
        try:
            return _picture(_jpeg(tuning.queries().upload(Query(number, uploaded=True)).pixels), lasting=False)
        except MildnetError as error:
            return PlainTextResponse(str(error), 404)

    @app.get("/report")
    def report() -> Response:
        path = MIXED / PAGE
        if not path.is_file():
            return PlainTextResponse(f"{path} does not exist. Regenerate the triplets.", 404)
        return FileResponse(path)

    # The fonts of the theme would be loaded from elsewhere.
    font, mono = ["system-ui", "sans-serif"], ["ui-monospace", "monospace"]
    theme = gr.themes.Default(font=font, font_mono=mono, primary_hue="blue")
    return gr.mount_gradio_app(
        app,
        page(tuning),
        path="/",
        theme=theme,
        css_paths=_STYLE,
        footer_links=[],
        ssr_mode=False,
        max_file_size=_LARGEST_UPLOAD,
    )


def listening(port: int) -> socket.socket:
    """A socket on this machine alone; port 0 is any free one.

    Raises:
        InputError: the port is taken.
    """
    # With its protocol named: asyncio turns off the delay of small answers, 40 ms, only where it knows that it is TCP.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
        opened.listen()  # before the address is told
    except OSError as error:
        opened.close()
        raise InputError(f"cannot listen on port {port}: {error.strerror}. Choose another by --port.") from error
    return opened


def serve(app: FastAPI, on: socket.socket) -> None:
    """Answer until the process is interrupted; pages that are open do not hold that up."""
    # Gradio prints what goes wrong in an act. Less than critical are to uvicorn the answers that the end cuts off.
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=_PATIENCE)
    with suppress(KeyboardInterrupt):  # which is how a person ends it
        uvicorn.Server(config).run(sockets=[on])


class _OwnPagesAlone:
    """Refuses what another site's page sends, which a browser would let pass as long as it asks for no answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != headers.get("host"):
                await PlainTextResponse("this server answers its own page alone", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Policy:
    """Tells the browser of every answer what it may load."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Any = MutableHeaders(scope=message)
                if not scope["path"].startswith("/report"):  # which says so itself
                    headers["Content-Security-Policy"] = _POLICY
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, told)


def _jpeg(pixels: Pixels) -> bytes:
    return encode(shrink(pixels, _SIDE), _QUALITY)


def _picture(jpeg: bytes, *, lasting: bool) -> Response:
    """`lasting` where its address names the files that it comes from."""
    kept = "private, max-age=31536000, immutable" if lasting else "no-store"
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": kept})
