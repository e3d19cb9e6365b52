"""Render what was measured of videos: frames a second beside another package, and memory."""

from collections.abc import Callable

from models.report import make_table

CLIPS = {"near": "near face", "far": "far face, both detectors"}


def name_rounds(rounds: int) -> str:
    """Name the number of rounds in words."""
    return "one round" if rounds == 1 else f"median of {rounds} alternating rounds"


def render_video(report: dict) -> str:
    """Frames a second on one core, as a ratio to another package's in the same run, and memory."""
    section = report["benchmark_video"]
    clips = section["clips"]
    rows = [["emoji-edge", *(f"{clips[name]['frames_per_s']:.0f}" for name in CLIPS)]]
    for number, peer in enumerate(clips["near"]["peers"]):
        cells = [clips[name]["peers"][number] for name in CLIPS]
        rows.append([
            f"PyPI `fer` {peer['version']}, Video, {peer['finder']}",
            *(f"{cell['frames_per_s']:.1f}; 1/{cell['times']:.1f} of it" for cell in cells),
        ])  # fmt: skip
    memory = section["memory"]
    setup = (
        f"Processor time, {name_rounds(section['rounds'])} over "
        f"{section['frames']} frames on {section['machine']}, {section['runtime']}, "
        f"{section['library']}, networks loaded before. "
        f"Over {memory['minutes']:g} minutes of video the memory is "
        f"{memory['early_mb']:.0f} MB early and {memory['late_mb']:.0f} MB late."
    )
    head = ["640x480 H.264, frames a second on one core", *CLIPS.values()]
    return f"{make_table(head, rows)}\n\n{setup}"


BLOCKS: dict[str, Callable[[dict], str]] = {"video": render_video}
