"""Run the server of an installed package: the command emoji-edge-serve."""

import importlib

from .console import CANNOT_RUN, say_error

SERVER = f"{__package__}.server"  # in the wheel; in a checkout it is web/server


def main() -> int:
    """Run the server until it is stopped; returns its exit status, 2 where it is not installed."""
    try:
        command = importlib.import_module(f"{SERVER}.command")
    except ModuleNotFoundError as error:
        if error.name == SERVER:
            say_error("error: this is a checkout, whose server is `python -m web.server`")
        else:
            say_error(f"error: {error.name} is missing: pip install 'emoji-edge[serve]'")
        return CANNOT_RUN
    return command.main()
