"""/auth: the clock, asking for a consumer key, and who is calling."""

from acquit.api.request import Request


def get_time(request: Request) -> int:
    """GET /auth/time: the server's clock in Unix seconds."""
    return int(request.context.clock.now().timestamp())
