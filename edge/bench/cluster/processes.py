"""The processes of a run: what they are, their memory, and what they had of the processors."""

import psutil

KINDS_OF_PROCESS = {  # by what its command line has, the first that fits
    "ray::MapWorker": "worker", "emoji_edge.cluster": "driver", "raylet/raylet": "raylet",
    "gcs_server": "head", "ray": "Ray's others",
}  # fmt: skip
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def list_processes() -> dict[psutil.Process, str]:
    """This process's descendants and their command lines."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            found[process] = " ".join(process.cmdline())
        except GONE:
            continue
    return found


def find_workers() -> list[int]:
    """The process ids of Ray's workers that this process's descendants have started."""
    return [process.pid for process, line in list_processes().items() if "ray::MapWorker" in line]


def read_memory() -> float:
    """Resident MB of this process."""
    return psutil.Process().memory_info().rss / 1e6


class Watch:
    """The processors' seconds and the largest memory of a run's processes, by what they are."""

    def __init__(self) -> None:
        self._begin = {process: read_seconds(process) for process in list_processes()}
        self._last: dict[psutil.Process, float] = {}
        self._kinds: dict[psutil.Process, str] = {}

    def look(self) -> dict[str, float]:
        """Take every process's time; the largest resident MB of each kind of process."""
        memory: dict[str, float] = {}
        for process, line in list_processes().items():
            kind = next((kind for title, kind in KINDS_OF_PROCESS.items() if title in line), None)
            if kind is None:
                continue
            try:
                resident = process.memory_info().rss / 1e6
            except GONE:
                continue
            self._kinds[process] = kind
            self._last[process] = read_seconds(process) or self._last.get(process, 0.0)
            memory[kind] = max(memory.get(kind, 0.0), resident)
        return memory

    def read(self) -> dict[str, float]:
        """Seconds of each kind since the watch began."""
        seconds = dict.fromkeys(KINDS_OF_PROCESS.values(), 0.0)
        for process, last in self._last.items():
            seconds[self._kinds[process]] += last - self._begin.get(process, 0.0)
        return {kind: round(value, 2) for kind, value in seconds.items()}


def read_seconds(process: psutil.Process) -> float:
    """What a process has had of the processors, 0 where it has just ended."""
    try:
        times = process.cpu_times()
    except GONE:
        return 0.0
    return times.user + times.system
