"""The command on the device itself: the self-test and the benchmark."""

from ..console import OK, SOME_FAILED, say_line
from ..contract import Contract
from ..parallel import count_cores
from ..runtime import describe_device, describe_runtime
from ..selftest import run_self_test
from .options import Options


def run_self_test_mode(options: Options, contract: Contract) -> int:
    """Run the goldens on one thread, and on as many as asked for; returns the exit status."""
    threads = sorted({1, options.classifier.threads})
    passed = run_self_test(list_models(options, contract), threads, say_line)
    return OK if passed else SOME_FAILED


def run_benchmark_mode(options: Options, contract: Contract) -> int:
    """Time the artifacts on 1, 2 and 4 threads, as far as there are cores, or threads are asked
    for; returns the exit status."""
    from ..benchmark import ROUNDS, load_photo, run_benchmark  # takes a while to import

    photo = load_photo(options.photos[0] if options.photos else "")
    most = max(count_cores(), options.classifier.threads)
    threads = [number for number in (1, 2, 4) if number <= most]
    say_line(f"{describe_device()}, {describe_runtime()}, median of {ROUNDS}")
    passed = run_benchmark(list_models(options, contract), threads, photo, say_line)
    return OK if passed else SOME_FAILED


def list_models(options: Options, contract: Contract) -> list[str]:
    """The artifact that is asked for, else all of the contract's."""
    model = options.classifier.model
    return [str(model)] if model else list(contract.artifacts["tflite"])
