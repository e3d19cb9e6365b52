"""What Ray reads from the environment when it is imported."""

import os

DEFAULTS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the machines
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_raylet_start_wait_time_s": "180",  # of a busy machine
}


def prepare_environment() -> None:
    """Set what the environment leaves open; call it before Ray is imported."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
