"""Where SendGrid posts what became of our mails. The post is stored and answered; acting on it is for `serve`.

Anybody can post here. What is not signed by SendGrid is refused before anything is kept, and learns nothing.
"""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from newsletter.web.pages import Installed

router = APIRouter(tags=["webhooks"])

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


@router.post(
    "/webhooks/sendgrid",
    status_code=204,
    response_class=Response,
    responses={403: {"description": "Not signed with the key of the settings."}},
)
async def sendgrid(request: Request, app: Installed) -> Response:
    """SendGrid's event webhook, with signature verification on."""
    signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
    if not signature or not timestamp:
        return Response(status_code=403)
    # The signature is over the bytes as they came.
    body = await request.body()
    taken = await run_in_threadpool(app.webhook.take, body, signature, timestamp)
    return Response(status_code=204 if taken else 403)
