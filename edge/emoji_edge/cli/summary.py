"""The summary of a video for people: per track how long it looked like what, and when most."""

from collections.abc import Iterator

from ..contract import Contract
from ..timeline import Timeline, TrackSummary

MOST = 20  # tracks shown; the rest are counted


def format_summary(timeline: Timeline, contract: Contract) -> str:
    """A block of lines; the longest tracks where there are many."""
    tracks = timeline.list_tracks()
    span = f"{format_time(timeline.begin)} to {format_time(timeline.end)}"
    lines = [f"{timeline.video}, {span}, {_count(timeline.frames, 'frame')}, "
             f"{_count(len(tracks), 'track')}"]  # fmt: skip
    shown = sorted(tracks, key=lambda track: track.begin - track.end)[:MOST]
    for track in sorted(shown, key=lambda track: track.track):
        lines += _list_lines(track, contract)
    if len(tracks) > MOST:
        lines.append(f"and {_count(len(tracks) - MOST, 'shorter track')}")
    if not tracks:
        lines.append("No face found.")
    return "\n".join(lines) + "\n"


def _list_lines(track: TrackSummary, contract: Contract) -> Iterator[str]:
    yield f"track {track.track}, {format_time(track.begin)} to {format_time(track.end)}"
    names = contract.display_names
    width = max(len(name) for name in names.values()) + 2
    order = sorted(track.peaks, key=lambda label: (-track.seconds.get(label, 0.0), label))
    for label in order:
        score, when = track.peaks[label]
        yield (
            f"{contract.emoji[label]}  {names[label]:<{width}}{track.seconds.get(label, 0.0):>8.2f}"
            f" s, strongest at {format_time(when)} with {int(100 * score + 0.5)} %"
        )


def format_time(seconds: float) -> str:
    """Seconds as 0:00.00, or 0:00:00.00 from an hour on."""
    sign = "-" if seconds < 0 else ""
    hundredths = int(abs(seconds) * 100 + 0.5)
    minutes, rest = divmod(hundredths, 6000)
    text = f"{rest // 100:02}.{rest % 100:02}"
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{text}" if hours else f"{sign}{minutes}:{text}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
