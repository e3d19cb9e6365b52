"""Render what edge.bench.cluster measured, and what follows from it, for docs/scale.md."""

from collections.abc import Callable
from typing import Any

from models.report import make_table

MISSING = "Not measured yet."
PRICE = 0.04  # US dollars an hour of a rented core: an assumption, not a measurement
PRICE_REQUESTS = 0.40  # US dollars a million requests of an object store: an assumption too
REQUESTS = 2  # of an object store for a file: its size, and its bytes
SHARD = 1000  # photos, the command's default
COUNTS = {"a million": (1e6, 16), "a billion": (1e9, 1000)}  # photos, and cores for them
CORES = 1000
WHAT = ("photos", "small faces")


def when_measured(render: Callable[[dict[str, Any]], str]) -> Callable[[dict], str]:
    """Render the block of the report's section, or say that there is none."""
    return lambda report: render(report["cluster"]) if "cluster" in report else MISSING


def find_ms(run: dict[str, Any], photos: int, *kinds: str) -> float:
    """Find the core milliseconds a photo of a run, of some kinds of process or of all."""
    return 1000 * sum(run["core_s"][kind] for kind in kinds or run["core_s"]) / photos


def render_cluster_setup(section: dict[str, Any]) -> str:
    """Say what was run on which machines."""
    packages = ", ".join(f"{name} {version}" for name, version in section["packages"].items())
    kb = section["photo_kb"]
    return (
        f"{section['nodes']} Ray nodes of one worker each, both on one machine "
        f"({section['machine']}, Python {section['python']}, {packages}), whose load was "
        f"{section['load']:g} before. Photos have {kb['few']:g} kB, most of them one face near; "
        f"small faces have {kb['faces']:g} kB and at most 64 pixels, so that the picture is taken "
        f"as the face; one in a hundred files is broken. Its large run is over "
        f"{section['many']['photos']:,} small faces, no two the same."
    )


def render_checks(section: dict[str, Any]) -> str:
    """List what had to hold, and whether it did."""
    faults, twice = section["faults"], section["twice"]
    lines = [f"- {name}: {'yes' if held else '**no**'}" for name, held in section["checks"].items()]
    lines.append(
        f"- the node was killed after {faults['shards_at_kill']} of {faults['shards']} shards; the "
        f"interrupted run had made {twice['made_before']} of {twice['shards']}, the second made "
        f"{twice['made_again']}"
    )
    return "\n".join(lines)


def list_parts(section: dict[str, Any], key: str) -> dict[str, float]:
    """List the core milliseconds a photo of a run's parts, which add up to the run."""
    run, start, edge = section[key], section["start"], section["edge"]
    photos = run["photos"]
    found = {
        "one process of `emoji-edge`": edge[key]["core_ms"],
        "two processes at once": edge[f"{key}, two"]["core_ms"] - edge[key]["core_ms"],
        "sha256, Parquet instead of lines": section["shards"][key] - edge[key]["core_ms"],
        "start: workers": find_ms(start, photos, "worker"),
        "start: the rest": find_ms(start, photos) - find_ms(start, photos, "worker"),
    }
    workers = find_ms(run, photos, "worker")
    others = find_ms(run, photos) - workers - found["start: the rest"]
    found["Ray, else"] = others
    found["workers, else"] = find_ms(run, photos) - sum(found.values())
    return found


def render_throughput(section: dict[str, Any]) -> str:
    """Render a photo's core milliseconds on one machine and on the cluster, part by part."""
    keys = ("few", "faces")
    parts = [list_parts(section, key) for key in keys]
    rows = [[name, *(f"{part[name]:.2f}" for part in parts)] for name in parts[0]]
    whole = [sum(part.values()) for part in parts]
    rows.append(["**the cluster**", *(f"**{ms:.2f}**" for ms in whole)])
    rates = {
        "one process": [section["edge"][key]["core_ms"] for key in keys],
        "two processes": [section["edge"][f"{key}, two"]["core_ms"] for key in keys],
        "the cluster": whole,
        "the cluster, once it runs": [
            sum(ms for name, ms in part.items() if "start" not in name) for part in parts
        ],
    }
    for name, found in rates.items():
        cells = [f"{1000 / ms:.0f}" for ms in found]
        rows.append([f"photos a second of a core: {name}", *cells])
    heads = [f"{section[key]['photos']:,} {what}" for key, what in zip(keys, WHAT, strict=True)]
    many = section["many"]
    ms = find_ms(many, many["photos"])
    return (
        f"{make_table(['core ms a photo', *heads], rows)}\n\nThe large run, beside other work: "
        f"{ms:.2f} core ms a photo with its start, so {1000 / ms:.0f} photos a second of a core."
    )


def render_memory(section: dict[str, Any]) -> str:
    """Render the largest resident memory in each fifth of the run over many."""
    rows = [
        [kind, *(f"{value:.0f}" for value in fifths)]
        for kind, fifths in section["many"]["memory_mb"].items()
    ]
    return make_table(["MB", "first fifth", "second", "third", "fourth", "last"], rows)


def render_sizes(section: dict[str, Any]) -> str:
    """Render what a photo costs in one process, by its size."""
    stages = ("decode", "find", "whole")
    rows = [
        [row["photo"], f"{row['kb']:,}", *(f"{row['core_ms'][stage]:.2f}" for stage in stages)]
        for row in section["sizes"]
    ]
    return make_table(["core ms in one process", "kB", *stages], rows)


def find_overhead(section: dict[str, Any]) -> float:
    """Find the core milliseconds a photo beyond one process, without the cluster's start."""
    parts = list_parts(section, "faces")
    return sum(
        ms for name, ms in parts.items() if "one process" not in name and "start" not in name
    )


def list_costs(section: dict[str, Any]) -> list[tuple[str, float, float]]:
    """List name, core milliseconds and kB of the photos in the arithmetic."""
    alone = [
        ("small faces", section["edge"]["faces"]["core_ms"], section["photo_kb"]["faces"]),
        *((row["photo"], row["core_ms"]["whole"], row["kb"]) for row in section["sizes"]),
    ]
    return [(name, ms + find_overhead(section), kb) for name, ms, kb in alone]


def find_start(section: dict[str, Any]) -> float:
    """Find the core seconds until a core of the cluster is ready."""
    return sum(section["start"]["core_s"].values()) / section["nodes"]


def render_cost(section: dict[str, Any]) -> str:
    """Render core hours, hours on many cores and price of a million and a billion photos."""
    rows = []
    for count_name, (count, cores) in COUNTS.items():
        for name, ms, kb in list_costs(section):
            hours = (count * ms / 1000 + cores * find_start(section)) / 3600
            rows.append(
                [
                    f"{count_name}, {name}",
                    f"{ms:.1f}",
                    f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}",
                    f"{format_time(hours / cores)} on {cores:,}",
                    format_price(hours * PRICE),
                    format_price(count * REQUESTS * PRICE_REQUESTS / 1e6),
                    f"{count * kb / 1e9:,.2f}",
                    f"{count * section['output_bytes'] / 1e9:,.2f}",
                ]
            )
    head = ["photos", "core ms", "core hours", "time on cores", "cores cost", "requests",
            "TB read", "GB written"]  # fmt: skip
    return (
        f"Core ms: one process by size, and {find_overhead(section):.2f} that the cluster needed "
        f"beyond it once it ran; a core's start is {find_start(section):.0f} s more. Assumed: "
        f"${PRICE:.2f} an hour of a core, that cores add up, and photos with one face. Requests: "
        f"${PRICE_REQUESTS:.2f} a million, and {REQUESTS} for a file in an object store (its size, "
        f"its bytes).\n\n{make_table(head, rows)}"
    )


def format_price(dollars: float) -> str:
    """Write a price in dollars, with cents only where they matter."""
    return f"${dollars:,.2f}" if dollars < 10 else f"${dollars:,.0f}"


def format_time(hours: float) -> str:
    """Write a time in minutes, hours or days."""
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def render_limits(section: dict[str, Any]) -> str:
    """Render what each part of the cluster would have to bear."""
    rows = []
    for name, ms, kb in list_costs(section):
        rate = CORES * 1000 / ms
        driver = rate / SHARD * section["head"]["ms"] / 1000
        rows.append(
            [name, f"{rate:,.0f}", f"{REQUESTS * rate:,.0f}", f"{rate * kb / 1e6:,.1f}",
             f"{rate / SHARD:,.0f}", f"{100 * driver:,.0f} %"]
        )  # fmt: skip
    columns = ["photos a second", "requests", "GB", "shards", "the driver is busy"]
    return make_table([f"on {CORES:,} cores", *columns], rows)


def render_listing(section: dict[str, Any]) -> str:
    """Say what the list of files costs."""
    plan = section["plan"]
    return (
        f"the plan listed {plan['photos_a_second']:,} photos a second from a disk, so "
        f"{format_time(1e9 / plan['photos_a_second'] / 3600)} for a billion, and its file takes "
        f"{section['plan_bytes']:g} bytes a photo. While it is made, the machine that lists holds "
        f"{plan['folder_bytes']:,} bytes a photo of a folder and {plan['store_bytes']:,} of an "
        f"object store: {plan['folder_bytes']:,} and {plan['store_bytes']:,} GB for a billion"
    )


def render_driver(section: dict[str, Any]) -> str:
    """Say what the driver needs for a shard."""
    head = section["head"]
    gigabytes = 1e9 / SHARD * head["kb"] / 1e6
    return (
        f"one process, took {head['ms']:g} ms and {head['kb']:g} kB a shard, so "
        f"{gigabytes:.1f} GB for a billion photos"
    )


BLOCKS: dict[str, Callable[[dict], str]] = {
    f"cluster-{name}": when_measured(render)
    for name, render in (
        ("setup", render_cluster_setup),
        ("checks", render_checks),
        ("throughput", render_throughput),
        ("memory", render_memory),
        ("sizes", render_sizes),
        ("cost", render_cost),
        ("limits", render_limits),
        ("listing", render_listing),
        ("driver", render_driver),
    )
}
