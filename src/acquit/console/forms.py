"""Reading what a browser sends: bounded forms, one file, and links that stay on this site."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import falcon
from falcon.media.multipart import MultipartFormHandler, MultipartParseError

from acquit.console.visit import Form, Upload
from acquit.core.errors import Invalid
from acquit.core.sales_request import Attachment, BadAttachment, attachment

BODY_MAX: Final = 8_000_000
FIELD_MAX: Final = 20_000
FIELDS_MAX: Final = 100
STARTS: Final = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
OFFICE_STARTS: Final = b"PK\x03\x04"
OUR_PATHS: Final = ("/manager", "/office", "/auth", "/createApp", "/createToken")
NEVER_KEPT: Final = ("csrf", "once", "password", "_review")
LINK: Final = re.compile(r"/[^\s\\\x00-\x1f]*")


class FormTooLarge(Invalid):
    """The whole form is larger than 8 MB."""

    code = "form-too-large"


class MalformedForm(Invalid):
    """The body is not a form."""

    code = "malformed-form"


def read(request: falcon.Request, body_max: int = BODY_MAX, field_max: int = FIELD_MAX) -> Form:
    """Return the submitted form. Raises FormTooLarge or MalformedForm; its files are not checked yet."""
    if (request.content_length or 0) > body_max:
        raise FormTooLarge(
            f"This form is larger than {body_max // 1_000_000} MB: choose a smaller file.",
            megabytes=str(body_max // 1_000_000),
        )
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(request, body_max, field_max)
    if kind == "application/x-www-form-urlencoded":
        return Form(_fields(request.bounded_stream.read(BODY_MAX + 1), field_max))
    raise MalformedForm("This is not a form that a page of ours sends.")


def checked(upload: Upload | None) -> Attachment | None:
    """Return the file when its first bytes are those of its kind, None when none was chosen.

    Raises BadAttachment when it is empty, too large, of a kind that is not taken, or another than its name
    says.
    """
    if upload is None or (not upload.content and not upload.name):
        return None
    file = attachment(upload.name, upload.content)
    starts = STARTS.get(file.type, OFFICE_STARTS)
    is_text = file.type.startswith("text/")
    if (is_text and b"\0" in file.content) or (not is_text and not file.content.startswith(starts)):
        raise BadAttachment(f"The file {file.name} is not what the end of its name says.", file=file.name)
    return file


def local_link(link: str, default: str) -> str:
    """Return the link when it leads to a page of ours, or the default: nobody is sent elsewhere."""
    if not LINK.fullmatch(link) or link.startswith("//"):
        return default
    parts = urlsplit(link)
    is_ours = any(parts.path == path or parts.path.startswith(f"{path}/") for path in OUR_PATHS)
    return link if is_ours and ".." not in parts.path else default


def keep(fields: Mapping[str, str]) -> str:
    """Return the typed fields as one text for a hidden field; passwords and tokens are left out.

    What is too much for a field is not kept: the form that has it would be refused.
    """
    kept = {name: text for name, text in fields.items() if name not in NEVER_KEPT}
    packed = base64.urlsafe_b64encode(json.dumps(kept).encode()).decode() if kept else ""
    return packed if len(packed) <= FIELD_MAX else ""


def kept(text: str) -> dict[str, str]:
    """Return the fields that `keep` wrote; nothing for any other text."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError):
        return {}
    is_fields = isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values())
    return {name: value for name, value in fields.items() if name not in NEVER_KEPT} if is_fields else {}


def _fields(body: bytes, field_max: int) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise MalformedForm("This form cannot be read.") from None
    return _first_of_each(pairs, field_max)


def _multipart(request: falcon.Request, body_max: int, field_max: int) -> Form:
    handler = MultipartFormHandler()
    handler.parse_options.max_body_part_buffer_size = body_max
    handler.parse_options.max_body_part_count = FIELDS_MAX
    pairs: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    try:
        for part in handler.deserialize(request.bounded_stream, request.content_type, request.content_length):
            if part.filename is not None:
                uploads.append(Upload(part.filename, part.get_data()))
            else:
                pairs.append((part.name or "", part.get_data().decode()))
    except (MultipartParseError, falcon.HTTPError, UnicodeDecodeError):
        raise MalformedForm("This form cannot be read.") from None
    return Form(_first_of_each(pairs, field_max), uploads[-1] if uploads else None, tuple(uploads))


def _first_of_each(pairs: list[tuple[str, str]], field_max: int) -> dict[str, str]:
    if any("\0" in text or len(text) > field_max for pair in pairs for text in pair):
        raise MalformedForm("A field of this form is too long or has characters that are not text.")
    return dict(reversed(pairs))
