"""The command on photos and folders: classify each, write its result, and say which failed."""

import os
from collections.abc import Iterator, Sequence
from functools import partial

from ..batch import Failure
from ..console import OK, SOME_FAILED, say_error
from ..contract import Contract, find_models
from ..listing import Omissions, Photo, list_photos
from ..network import find_artifact, hash_file
from ..parallel import classify_photos
from ..result import GIVEN
from .options import Options
from .output import Output
from .progress import show_progress
from .resume import Done, Plan, mend_output, pick_failed, read_done, skip_done


def run_photos(options: Options, contract: Contract) -> int:
    """Classify the photos and write their results; returns the exit status."""
    done = resume_output(options, contract) if options.output.resume else None
    omissions = Omissions()
    photos = skip_done(find_photos(options, omissions), done)
    outcomes = classify_photos(photos, options.classifier, options.jobs, options.annotate)
    output = Output(
        options.output.format,
        options.output.path,
        options.classifier.choose_top(contract),
        has_several(options.photos),
        contract.display_names,
    )
    output.open(done)
    failed = bool(done and done.failed.total())
    finished = sum(done.photos.values()) if done else 0
    with show_progress(
        options.output, partial(count_photos, options), "photo", finished
    ) as progress:
        for outcome in outcomes:
            output.write(outcome)
            if isinstance(outcome, Failure):
                failed = True
                progress.say(f"emoji-edge: {outcome.photo}: {outcome.error}")
            progress.advance()
    output.close()
    if text := omissions.describe():
        say_error(f"emoji-edge: {text}")
    return SOME_FAILED if failed else OK


def find_photos(options: Options, omissions: Omissions | None = None) -> Iterator[Photo]:
    """Yield the photos that the arguments name; omissions counts what is left out."""
    own = (options.annotate, options.output.path)
    photos = list_photos(options.photos, options.recursive, own=own, omissions=omissions)
    return map(options.boxes.attach, photos) if options.boxes else photos


def count_photos(options: Options) -> int:
    """How many photos the arguments name."""
    return sum(1 for _ in find_photos(options))


def has_several(photos: Sequence[str]) -> bool:
    """Tell whether the arguments may name more than one photo."""
    return len(photos) > 1 or os.path.isdir(photos[0])


def resume_output(options: Options, contract: Contract) -> Done:
    """What an interrupted run left in the output, after its failures were tried again."""
    _, path = find_artifact(options.classifier.model, contract, find_models())
    plan = Plan(
        options.output.format,
        options.output.path,
        options.classifier.choose_top(contract),
        hash_file(path),
        GIVEN if options.boxes else options.classifier.face,
        options.classifier.rank_by,
        options.classifier.finder.list_chosen(),
        options.boxes,
    )
    done = read_done(plan)
    if not done.failed:
        return done
    photos = pick_failed(find_photos(options), done)
    outcomes = list(classify_photos(photos, options.classifier, options.jobs, options.annotate))
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            say_error(f"emoji-edge: {outcome.photo}: {outcome.error}")
    return mend_output(plan, done, outcomes)
