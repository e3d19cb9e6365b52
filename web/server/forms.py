"""Requests with photos, in memory, and forms as clients really send them."""

import io
import re
from typing import IO, Any

from flask import Request
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

FORM = "multipart/form-data"
BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
HIGH_BACKSLASH = re.compile(r"([\x80-\xff])\\")  # the second byte of a Shift-JIS letter


class PhotoFormParser(FormDataParser):
    """Werkzeug's parser, which also reads file names that are not UTF-8, and says what is wrong."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: Any = None
    ) -> Any:
        """Parse a request's body; BadRequest where it is a form that cannot be read."""
        if mimetype != FORM:
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary", "").encode("ascii", "ignore")
        if not boundary:
            raise BadRequest(
                "The form has no boundary in its Content-Type; let your client set that header"
            )
        self.silent = False
        body = recode_heads(stream.read(), boundary)
        try:
            return super().parse(io.BytesIO(body), mimetype, len(body), options)
        except ValueError:
            raise BadRequest("The form is damaged, or ends before its last boundary") from None


class PhotoRequest(Request):
    """A request whose uploads stay in memory: Flask's own writes large ones to disk."""

    form_data_parser_class = PhotoFormParser

    def _get_file_stream(self, *sizes: Any, **names: Any) -> IO[bytes]:
        return io.BytesIO()


def recode_heads(body: bytes, boundary: bytes) -> bytes:
    """Turn a form's headers into UTF-8: where they are not, each byte is taken as Latin-1.

    Old browsers and clients send names in the system's own encoding and do not say which. Whoever
    gets such a name back can turn it into bytes again.
    """
    boundary_line = re.compile(rb"--" + re.escape(boundary) + rb"[ \t]*(\r?\n|\r)")
    pieces, done = [], 0
    # Each search begins where the last one ended, and the first in vain is the last: linear time.
    while (start := boundary_line.search(body, done)) and (
        end := BLANK_LINE.search(body, start.end())
    ):
        pieces += [body[done : start.end()], recode_head(body[start.end() : end.end()])]
        done = end.end()
    return b"".join([*pieces, body[done:]])


def recode_head(head: bytes) -> bytes:
    """Turn one part's headers into UTF-8."""
    try:
        head.decode()
    except UnicodeDecodeError:
        return HIGH_BACKSLASH.sub(r"\1\\\\", head.decode("latin-1")).encode()
    return head
