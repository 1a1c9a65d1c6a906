"""Where providers post what became of our mails. A post is stored and answered; acting on it is for `serve`.

Anybody can post here. What the provider has not signed is refused before anything is kept, and learns nothing.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from newsletter.delivery.transports import TRANSPORTS, Entry, webhook_path
from newsletter.web.dependencies import Installed

router = APIRouter(tags=["webhooks"])


def _taker(provider: Entry) -> Callable[[Request, Installed], Awaitable[Response]]:
    async def take(request: Request, app: Installed) -> Response:
        if not provider.has_webhook_key(app.settings):
            return Response(status_code=403)
        if not all(request.headers.get(name) for name in provider.webhook_headers):
            return Response(status_code=403)
        # The signature is over the bytes as they came.
        body = await request.body()
        taken = await run_in_threadpool(app.webhooks[provider.name].take, request.headers, body)
        return Response(status_code=204 if taken else 403)

    take.__doc__ = f"{provider.title}'s event webhook, with signature verification on."
    return take


for each in TRANSPORTS.values():
    if each.webhook_limit:
        router.add_api_route(
            webhook_path(each.name),
            _taker(each),
            methods=["POST"],
            name=each.name,
            status_code=204,
            response_class=Response,
            responses={403: {"description": "Not signed with the key of the settings."}},
        )
