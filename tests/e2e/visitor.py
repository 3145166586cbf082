"""A browser without pictures, for what needs no real one."""

import re
from typing import Any
from urllib.parse import urlencode

from falcon.testing import Result, TestClient

from acquit.actions.context import Context

FORM = "application/x-www-form-urlencoded"
STAFF = {"sales": "sam", "billing": "bob", "treasury": "tess", "auditor": "audrey", "administrator": "ada"}
PDF = b"%PDF-1.7 paper"
TERM = {"days": "45", "method": "net"}


class Visitor:
    """Keeps its cookies and sends forms as its pages would."""

    def __init__(self, client: TestClient, cookies: dict[str, str]) -> None:
        self.client = client
        self.cookies = cookies

    def get(self, path: str, **options: Any) -> Result:
        answer = self.client.simulate_get(path, cookies=self.cookies, **options)
        self.cookies |= {name: cookie.value for name, cookie in answer.cookies.items()}
        return answer

    def post(self, path: str, fields: dict[str, str], **options: Any) -> Result:
        options.setdefault("content_type", FORM)
        return self.client.simulate_post(path, body=urlencode(fields), cookies=self.cookies, **options)

    def hidden(self, path: str) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.get(path).text))

    def send(self, path: str, fields: dict[str, str], **options: Any) -> Result:
        return self.post(path, self.hidden(path) | fields, **options)


def requests_of(context: Context) -> int:
    with context.database.read() as tx:
        return int(tx.one("SELECT count(*) AS n FROM request").n)


def send_with_file(
    visitor: Visitor, path: str, fields: dict[str, str], name: str, content: bytes, **options: Any
) -> Result:
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in (visitor.hidden(path) | fields).items()
    ]
    parts.append(
        f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/html\r\n\r\n".encode()
        + content
        + b"\r\n--X--\r\n"
    )
    return visitor.client.simulate_post(
        path,
        body=b"".join(parts),
        content_type="multipart/form-data; boundary=X",
        cookies=visitor.cookies,
        **options,
    )
