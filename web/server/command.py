"""The command that runs the server: its options, and one line where it cannot run."""

import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from emoji_edge import ContractError, ModelError
from emoji_edge.console import CANNOT_RUN, reserve_streams, say_error
from emoji_edge.parallel import count_cores

from .app import BACKENDS, LOOPBACK, ServerSettings, create_app
from .listener import Listener
from .places import PROGRAM, SITE


@click.command(context_settings={"auto_envvar_prefix": "EMOJI", "show_default": True})
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--threads", default=count_cores, type=click.IntRange(1, 256),
              show_default="the cores", help="Photos classified at once.")  # fmt: skip
@click.option(
    "--backend", default="tflite", type=click.Choice(BACKENDS), help="keras runs the .h5."
)
@click.option("--model", default="", help="An artifact's name or a file.")
@click.option("--max-queue", default=32, type=click.IntRange(0, 1000),
              help="Requests with photos that may wait; more are refused with 503.")  # fmt: skip
@click.option("--upload-seconds", default=60.0, type=click.FloatRange(0.1, 3600),
              help="A request must have arrived after so long.")  # fmt: skip
@click.option("--allow-host", multiple=True, help="A name this server may be called by; * for any.")
@click.option(
    "--allow-origin", multiple=True, help="A site whose pages may use the API; * for any."
)
@click.option("--site", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
              show_default="the built page", help="Folder of the page.")  # fmt: skip
def serve(*, host: str, port: int, upload_seconds: float, allow_host: tuple[str, ...],
          allow_origin: tuple[str, ...], site: Path | None, **options: Any) -> None:  # fmt: skip
    """Serve the page and the API. EMOJI_PORT=80 is the same as --port 80; so for each option."""
    settings = ServerSettings(
        hosts=(*LOOPBACK, host.lower(), *(name.lower() for name in allow_host)),
        origins=allow_origin,
        site=(site or SITE).resolve(),
        **options,
    )
    app = create_app(settings)
    work = settings.threads + settings.max_queue
    try:
        listener = Listener(app, host=host, port=port, work=work, upload_seconds=upload_seconds)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of an unknown name
        reason = getattr(error, "strerror", None) or error
        raise click.ClickException(f"cannot listen on {host}:{port}: {reason}") from None
    model = app.extensions["emoji"].pool.model["artifact"]
    name = f"[{host}]" if ":" in host else host
    click.echo(
        f"Serving http://{name}:{listener.effective_port}/ with {model} on {settings.threads} "
        "threads; Ctrl-C stops it"
    )
    listener.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    reserve_streams()
    warnings.simplefilter("ignore")  # of Pillow, about damaged photos
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("waitress.queue").disabled = True  # a queue is bounded here, not a warning
    try:
        return serve.main(arguments, prog_name=PROGRAM, standalone_mode=False) or 0
    except click.ClickException as error:
        reason = error.format_message()
    except (ModelError, ContractError) as error:
        reason = str(error)
    say_error(f"error: {' '.join(reason.split())}")
    return CANNOT_RUN
