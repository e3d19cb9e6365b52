"""Measure a visit of the page in headless Chromium into the report's `benchmark_page`.

    python -m web.bench.page [--peers] [--no-report]

Needs the built site and web/node_modules (`make site`). --peers installs @vladmandic/face-api and
@vladmandic/human in a folder of their own and times them on the same photos.
"""

import argparse
import json
import os
import platform
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emoji_edge.benchmark import load_photo, make_near_photo

from models.report import REPORT, write_section
from web.bench.peer_packages import install_peers

ROOT = Path(__file__).parents[2]
BUDGET = {"besides_network": 750_000, "bytes_per_parameter": 2.0}


def measure_page(peers: bool) -> dict[str, Any]:
    """Measure visits by `web/bench/visits.js`; returns what it said."""
    with TemporaryDirectory() as name:
        photos = {kind: Path(name) / f"{kind}.jpg" for kind in ("near", "far")}
        photos["near"].write_bytes(make_near_photo())
        photos["far"].write_bytes(load_photo())
        command = ["node", str(ROOT / "web/bench/visits.js"), *map(str, photos.values())]
        command += [str(install_peers())] if peers else []
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def list_misses(section: dict[str, Any]) -> list[str]:
    """List a line for each budget that is exceeded."""
    misses = []
    transfer = section["transfer"]["besides_network"]["gzip"]
    if transfer > BUDGET["besides_network"]:
        misses.append(f"the first visit downloads {transfer:,} bytes besides the network")
    network = section["network"]
    if network["bytes"] > BUDGET["bytes_per_parameter"] * network["parameters"]:
        misses.append(f"the network has {network['bytes'] / network['parameters']:.2f} bytes each")
    return misses


def describe_section(section: dict[str, Any]) -> list[str]:
    """Describe the report's section in lines for people."""
    lines = [f"{section['browser']}: ready {section['ready_ms']:.0f} ms after the navigation began"]
    for kind, size in section["transfer"]["kinds"].items():
        lines.append(f"  {kind:<9} {size['gzip']:>9,} bytes gzip {size['brotli']:>9,} brotli")
    total = section["transfer"]["besides_network"]
    lines.append(f"  besides the network {total['gzip']:,} gzip, {total['brotli']:,} brotli")
    for backend, photos in section["photos"].items():
        times = ", ".join(f"{name} {photo['ms']:.1f} ms" for name, photo in photos.items())
        lines.append(f"  a photo on {backend}: {times}")
    for peer in section["peers"]:
        times = ", ".join(
            f"{name} {photo['ms']:.1f} ms ({photo['faces']} faces)"
            for name, photo in peer["photos"].items()
        )
        found = peer.get("error") or f"{times}; {peer['bytes']:,} bytes"
        lines.append(f"  {peer['package']} {peer['version']} on {peer['backend']}: {found}")
    return lines


def main() -> int:
    """Measure, print and write; exit status 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", action="store_true", help="install and time the peers too")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    section: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
        "photo": "640x480 JPEG; near: one face detector, far: both",
        "budget": BUDGET,
    }
    section |= measure_page(options.peers)
    section["missed"] = list_misses(section)
    print("\n".join([*describe_section(section), *(section["missed"] or ["within its budget"])]))
    if not options.no_report:
        write_section(REPORT, "benchmark_page", section)
    return 1 if section["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
