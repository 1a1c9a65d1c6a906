"""What a route asks for to reach the installation it serves."""

from typing import Annotated

from fastapi import Depends, Request

from newsletter.app import App


async def _installation(request: Request) -> App:
    # async, so that FastAPI does not send it through a thread
    app: App = request.app.state.newsletter
    return app


#: The opened installation: `def page(app: Installed) -> Response`.
Installed = Annotated[App, Depends(_installation)]
