"""Render what edge.bench_cluster measured, and what follows from it, for docs/scale.md."""

from collections.abc import Callable
from typing import Any

from convert.report import make_table

MISSING = "Not measured yet."
PRICE = 0.04  # US dollars an hour of a rented core: an assumption, not a measurement
CORES = 1000  # of the cluster in the arithmetic
SHARD = 1000  # photos, the command's default
PARTS = ("as one process", "sha256, Parquet", "worker, else", "Ray")  # of a photo's core time
COUNTS = {"a million": 1e6, "a billion": 1e9}


def when_measured(render: Callable[[dict[str, Any]], str]) -> Callable[[dict], str]:
    """The block of the report's section, or a word where there is none."""
    return lambda report: render(report["cluster"]) if "cluster" in report else MISSING


def sum_core(run: dict[str, Any]) -> float:
    """Core milliseconds a photo of a cluster's run, with everything in it."""
    return sum(run["core_ms"].values())


def render_setup(section: dict[str, Any]) -> str:
    """What was run on what."""
    packages = ", ".join(f"{name} {version}" for name, version in section["packages"].items())
    many, few, kb = section["many"], section["few"], section["photo_kb"]
    return (
        f"two Ray nodes of one worker each, both on one machine ({section['machine']}, Python "
        f"{section['python']}, {packages}), which had other work too: its load was "
        f"{section['load']:g} before. {few['photos']:,} photos of {kb['few']:g} kB, and "
        f"{many['photos']:,} pictures of {kb['many']:g} kB that are small enough to be taken as "
        "the face."
    )


def render_checks(section: dict[str, Any]) -> str:
    """What had to hold, and whether it did."""
    faults, twice = section["faults"], section["twice"]
    lines = [f"- {name}: {'yes' if held else '**no**'}" for name, held in section["checks"].items()]
    lines.append(
        f"- the node was killed after {faults['shards_at_kill']} of {faults['shards']} shards; the "
        f"interrupted run had made {twice['made_before']} of {twice['shards']}, the second made "
        f"{twice['made_again']}"
    )
    return "\n".join(lines)


def render_throughput(section: dict[str, Any]) -> str:
    """A photo's core milliseconds on one machine and on the cluster, and where they go."""
    edge = section["edge"]
    names = {
        "few": "photos, `emoji-edge`, one process",
        "few, two": "photos, `emoji-edge`, two processes",
        "many": "faces, `emoji-edge`, one process",
    }
    rows = [
        [f"{edge[key]['photos']:,} {name}", *format_core(edge[key]["core_ms"]), *[""] * len(PARTS)]
        for key, name in names.items()
    ]
    for key, name in (("few", "photos, cluster"), ("many", "faces, cluster")):
        cells = [f"{ms:.2f}" for ms in list_parts(section, key)]
        total = sum_core(section[key])
        rows.append([f"{section[key]['photos']:,} {name}", *format_core(total), *cells])
    return make_table(["run", "photos a core second", "core ms a photo", *PARTS], rows)


def list_parts(section: dict[str, Any], key: str) -> list[float]:
    """Core milliseconds of each of PARTS, which add up to the cluster's."""
    alone, shards = section["edge"][key]["core_ms"], section["shards"][key]
    cluster = section[key]["core_ms"]
    return [alone, shards - alone, cluster["workers"] - shards, cluster["Ray"]]


def format_core(ms: float) -> tuple[str, str]:
    """Photos a second of a core, and its milliseconds a photo."""
    return f"{1000 / ms:.0f}", f"{ms:.2f}"


def render_memory(section: dict[str, Any]) -> str:
    """The largest resident memory in each fifth of the run over many."""
    rows = [
        [kind, *(f"{value:.0f}" for value in fifths)]
        for kind, fifths in section["many"]["memory_mb"].items()
    ]
    return make_table(["MB", "first fifth", "second", "third", "fourth", "last"], rows)


def render_sizes(section: dict[str, Any]) -> str:
    """What a photo costs in one process, by its size."""
    stages = ("decode", "find", "whole")
    rows = [
        [row["photo"], f"{row['kb']:,}", *(f"{row['core_ms'][stage]:.2f}" for stage in stages)]
        for row in section["sizes"]
    ]
    return make_table(["core ms in one process", "kB", *stages], rows)


def find_overhead(section: dict[str, Any]) -> float:
    """Core milliseconds a photo of the run over many beyond one process on the same pictures."""
    return sum_core(section["many"]) - section["edge"]["many"]["core_ms"]


def list_costs(section: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Name, core milliseconds and kB of the photos in the arithmetic."""
    overhead = find_overhead(section)
    sizes = [
        (row["photo"], row["core_ms"]["whole"] + overhead, row["kb"]) for row in section["sizes"]
    ]
    return [("faces cut out", sum_core(section["many"]), section["photo_kb"]["many"]), *sizes]


def render_cost(section: dict[str, Any]) -> str:
    """Core hours, hours on many cores and price of a million and a billion photos."""
    rows = []
    for count_name, count in COUNTS.items():
        for name, ms, kb in list_costs(section):
            hours = count * ms / 3.6e6
            rows.append(
                [
                    f"{count_name}, {name}",
                    f"{ms:.1f}",
                    f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}",
                    format_time(hours / CORES),
                    f"${hours * PRICE:,.2f}" if hours < 1000 else f"${hours * PRICE:,.0f}",
                    f"{count * kb / 1e9:,.2f}",
                    f"{count * section['output_bytes'] / 1e9:,.2f}",
                ]
            )
    head = ["photos", "core ms", "core hours", f"on {CORES:,} cores", "price", "TB read"]
    table = make_table([*head, "GB written"], rows)
    return (
        f"Core ms: one process by size, and {find_overhead(section):.2f} that the cluster needed "
        f"beyond it. Assumed: ${PRICE:.2f} an hour of a core, and that cores add up.\n\n{table}"
    )


def format_time(hours: float) -> str:
    """Minutes, hours or days."""
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def render_limits(section: dict[str, Any]) -> str:
    """What each part of the cluster would have to bear, in the order in which it gives way."""
    head = section["head"]
    rows = []
    for name, ms, kb in list_costs(section):
        rate = CORES * 1000 / ms
        rows.append(
            [
                name,
                f"{rate:,.0f}",
                f"{rate * kb / 1e6:,.1f}",
                f"{rate / SHARD:,.0f}",
                f"{100 * rate / SHARD * head['ms'] / 1000:,.0f} %",
            ]
        )
    columns = ["photos", "photos (reads) a second", "GB a second", "shards a second", "the driver"]
    table = make_table([f"on {CORES:,} cores: {columns[0]}", *columns[1:]], rows)
    listing = 1e9 / section["plan_photos_a_second"] / 3600
    return (
        f"{table}\n\nThe driver took {head['ms']:g} ms and {head['kb']:g} kB of memory a shard. "
        f"The plan listed {section['plan_photos_a_second']:,} photos a second from a disk, so "
        f"{format_time(listing)} for a billion, and takes {section['plan_bytes']:g} bytes a photo; "
        f"the answers take {section['output_bytes']:g}."
    )


BLOCKS: dict[str, Callable[[dict], str]] = {
    f"cluster-{name}": when_measured(render)
    for name, render in (
        ("setup", render_setup),
        ("checks", render_checks),
        ("throughput", render_throughput),
        ("memory", render_memory),
        ("sizes", render_sizes),
        ("cost", render_cost),
        ("limits", render_limits),
    )
}
