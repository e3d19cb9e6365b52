"""Run the command emoji-edge-cluster: read its options, make what is missing, say how it ended."""

from collections import Counter
from collections.abc import Sequence

from ..console import OK, SOME_FAILED, run_guarded, say_error
from ..contract import load_contract
from ..errors import EmojiError
from ..listing import Omissions
from .environment import prepare_environment
from .options import PROGRAM, ClusterOptions, parse_options


class MissingError(EmojiError):
    """A package of the extra `cluster` is not installed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default the process's; returns its exit status."""
    return run_guarded(PROGRAM, lambda: run_cluster(parse_options(arguments, load_contract())))


def run_cluster(options: ClusterOptions) -> int:
    """Plan or continue, make what is missing, and say how much it was; returns the exit status."""
    prepare_environment()
    try:
        from .plan import plan_shards, read_run
        from .workers import connect_ray, make_shards
    except ImportError as error:
        raise MissingError(f"{error}; pip install 'emoji-edge[cluster]'") from None
    run = read_run(options)
    omissions = Omissions()
    shards = plan_shards(run, omissions)
    if text := omissions.describe():
        say_error(f"{PROGRAM}: {text}")
    totals: Counter[str] = Counter()
    with connect_ray(options.address, options.workers) as workers:
        for counts in make_shards(run, shards, workers):
            totals.update(counts)
    say_error(
        f"{PROGRAM}: {totals['photos']} photos, {totals['errors']} failed, "
        f"{totals['faces']} faces; made {totals['made']} of {shards} shards now"
    )
    return SOME_FAILED if totals["errors"] else OK
