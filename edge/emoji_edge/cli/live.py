"""The command on a camera: classify its newest picture again and again, until Ctrl-C."""

import contextlib
import datetime
import signal
import time

from ..batch import Failure, classify_source
from ..classify import Classifier
from ..console import OK, say_error
from ..contract import Contract
from .camera import Camera, CameraError, find_commands
from .options import Options
from .output import Output


def watch_camera(options: Options, contract: Contract) -> int:
    """Classify the camera's pictures and write their results; returns the exit status."""
    classifier = options.classifier.build()
    output = Output(
        options.output.format,
        options.output.path,
        options.classifier.choose_top(contract),
        True,
        contract.display_names,
    )
    commands = [list(options.camera.command)] if options.camera.command else find_commands()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # systemd's Ctrl-C
    output.open()
    with contextlib.suppress(KeyboardInterrupt):
        follow_cameras(commands, classifier, output, options)
    output.close()
    return OK


def follow_cameras(
    commands: list[list[str]], classifier: Classifier, output: Output, options: Options
) -> None:
    """Use the first program that gives pictures; CameraError with all reasons where none does."""
    problems = []
    for command in commands:
        try:
            if follow_camera(command, classifier, output, options):
                return
            problems.append(f"{command[0]}: no picture")
        except CameraError as error:
            problems.append(str(error))
    raise CameraError("; ".join(problems))


def follow_camera(
    command: list[str], classifier: Classifier, output: Output, options: Options
) -> bool:
    """Classify pictures until the program ends; tells whether there were any."""
    seen = False
    with contextlib.closing(Camera(command)) as camera:
        for frame in camera.frames():
            begin = time.monotonic()
            name = datetime.datetime.now().strftime("camera-%Y%m%d-%H%M%S.%f")[:-3]
            outcome = classify_source(classifier, frame, name, options.annotate)
            output.write(outcome)
            if isinstance(outcome, Failure):
                say_error(f"emoji-edge: {outcome.photo}: {outcome.error}")
            seen = True
            time.sleep(max(0, options.camera.every - (time.monotonic() - begin)))
    return seen
