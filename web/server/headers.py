"""The headers of every answer, from the file that the page's build reads too."""

import json
from functools import cache

from .places import HEADERS


@cache
def read_security_headers() -> dict[str, str]:
    """Read the security headers, by name; the policy is one text."""
    headers = json.loads(HEADERS.read_text(encoding="utf-8"))
    policy = headers["Content-Security-Policy"]
    text = "; ".join(f"{name} {value}".strip() for name, value in policy.items())
    return headers | {"Content-Security-Policy": text}
