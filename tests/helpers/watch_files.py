"""Run web.server and tell on standard error of every file that it opens for writing."""

import os
import sys

from web.server.command import main

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | getattr(os, "O_TMPFILE", 0)
# Where standard error goes while the TFLite runtime starts to talk.
HARMLESS = (os.devnull,)


def tell(event: str, arguments: tuple) -> None:
    """An audit hook: Python calls it for each file that is opened, by whatever module."""
    if event == "open" and arguments[0] not in HARMLESS and arguments[2] & WRITING:
        os.write(2, f"WROTE {arguments[0]}\n".encode())
    if event.startswith("tempfile."):
        os.write(2, f"TEMPORARY {arguments[0]}\n".encode())


sys.addaudithook(tell)
raise SystemExit(main())
