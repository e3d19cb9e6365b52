"""Render what was measured of whole front ends: the command's speed, emulated Arm, consistency."""

from collections.abc import Callable

from models.report import make_table

PHOTOS = {"near": "near face", "far": "far face, both detectors"}


def render_benchmark(report: dict) -> str:
    """Render warm and cold times and memory of whole photos, default artifact, one thread."""
    section = report["benchmark"]
    head = ["640x480 JPEG", "warm, photo to top three", "cold, command", "peak memory", "found"]
    rows, ours = [], find_warm(section)
    for name, title in PHOTOS.items():
        cold = section["cold"][name]
        rows.append([
            title, f"{ours[name]['stages_ms']['whole']:.1f} ms", f"{cold['median_s']:.2f} s",
            f"{cold['peak_mb']:.0f} MB", count_faces(ours[name]["faces"]),
        ])  # fmt: skip
    setup = f"Medians on {section['machine']}, {section['runtime']}, one thread."
    setup += f" {describe_large(section['large'])}"
    return "\n".join([make_table(head, rows), "", setup, *render_peers(section, ours)])


def describe_large(large: dict) -> str:
    """Say what a phone's photo takes, beside its decoding alone."""
    size = f"{large['width']}x{large['height']} ({large['mb']:g} MB)"
    times = ", ".join(
        f"{row['whole_ms']:.0f} ms on {row['threads']} thread{'s' * (row['threads'] > 1)} "
        f"({row['times']:.1f} times its decoding)"
        for row in large["rows"]
    )
    return f"A photo of {size} takes {times}."


def count_faces(count: int) -> str:
    """Write a number of faces for a cell."""
    return f"{count} face{'' if count == 1 else 's'}"


def find_warm(section: dict) -> dict[str, dict]:
    """Find the warm row of each photo, default artifact, one thread."""
    return {
        row["photo"]: row
        for row in section["warm"]
        if (row["artifact"], row["threads"]) == ("float32", 1)
    }


def render_peers(section: dict, ours: dict[str, dict]) -> list[str]:
    """Render another package, timed in the same run; ours: the warm row of each photo."""
    peers = section["peers"]
    if not peers:
        return []
    head = [f"PyPI `{peers[0]['package']}` {peers[0]['version']}, warm", *PHOTOS.values()]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for peer in peers:
        name, ms = peer["photo"], peer["warm_ms"]
        times = ms / ours[name]["stages_ms"]["whole"]
        text = f"{ms:.0f} ms, {times:.1f} times the runner's; {count_faces(peer['faces'])}"
        rows.setdefault((peer["finder"], peer["cores"]), {})[name] = text
    cells = [
        [f"{finder}, {'one core' if cores == '1' else 'all cores'}"]
        + [row[name] for name in PHOTOS]
        for (finder, cores), row in rows.items()
    ]
    compared = f"Another package in the same run, each {section['compared']}."
    return ["", compared, "", make_table(head, cells)]


def render_server(report: dict) -> str:
    """Render the server's load beside the bare classifier, and its long run of requests."""
    section = report["benchmark_server"]
    head = ["640x480 JPEG", "bare classifier", "server", "part of it", "p50", "p99"]
    rows = [
        [
            PHOTOS[row["photo"]], f"{row['bare_per_s']:.0f} a second",
            f"{row['served_per_s']:.0f} a second", f"{row['ratio']:.2f}",
            f"{row['p50_ms']:.0f} ms", f"{row['p99_ms']:.0f} ms",
        ]
        for row in section["photos"]
    ]  # fmt: skip
    setup = (
        f"On {section['machine']}, {section['threads']} threads each, {section['connections']} "
        "connections; wrk ran on the same cores."
    )
    soak, refused = section["soak"], section["soak"]["statuses"].get("503", 0)
    long = (
        f"In {soak['seconds']} seconds of good and bad requests on {soak['connections']} "
        f"connections: {soak['requests']:,} answers, {refused:,} of them 503, "
        f"{soak['unexpected']} that are not documented; "
        f"memory {soak['memory_mb']['early']:.0f} MB early and "
        f"{soak['memory_mb']['late']:.0f} MB late."
    )
    return "\n".join([make_table(head, rows), "", setup, "", long])


def render_arm(report: dict) -> str:
    """Render what emulated Arm answered, a column an architecture."""
    section = report["arm"]
    rows = [
        ["machine", *(found["machine"] for found in section.values())],
        ["runtime", *(found["runtime"] for found in section.values())],
        ["self-test", *(
            "passed" if found["self_test"]["passed"] else "FAILED" for found in section.values()
        )],
        *(
            [f"{name}, largest score difference from Keras", *(
                f"{found['self_test']['largest'][name]:.1e}" for found in section.values()
            )]
            for name in next(iter(section.values()))["self_test"]["largest"]
        ),
        ["photos against x86-64: largest box difference, pixels", *(
            f"{found['answers']['box']:g}" for found in section.values()
        )],
        ["photos against x86-64: largest score difference", *(
            f"{found['answers']['score']:.1e}" for found in section.values()
        )],
    ]  # fmt: skip
    return make_table(["", *section], rows)


def render_consistency(report: dict) -> str:
    """Render each front end against the library, over the same photos, ranked by each head."""
    section = report["consistency"]
    rows = [
        [
            one["title"],
            ", ".join(f"`{head}`" for head in one["heads"]),
            f"{one['same']} of {one['photos']}",
            f"{one['box']:g}",
            f"{one['score']:.1e}",
        ]
        for one in section["front_ends"].values()
    ]
    head = [
        "front end",
        "ranked by",
        "same answer",
        "largest box difference, pixels",
        "largest score difference",
    ]
    return (
        f"{make_table(head, rows)}\n\n{section['photos']} photos with {section['faces']} faces; on "
        f"{section['no_face']} no face is found, {section['refused']} are refused, "
        f'{section["not_sure"]} faces get "not sure".'
    )


def render_page(report: dict) -> str:
    """Say what a first visit of the page costs, beside other packages in the same browser."""
    section = report["benchmark_page"]
    photos = section["photos"]["wasm"]
    besides = section["transfer"]["besides_network"]["gzip"]
    text = (
        f"A first visit to the page loads {besides / 1000:.0f} kB (gzip) besides the network's "
        f"{section['network']['bytes'] / 1e6:.1f} MB and is ready after {section['ready_ms']:.0f} "
        f"ms; a photo takes {photos['near']['ms']:.0f} ms, with a far face "
        f"{photos['far']['ms']:.0f} ms ({section['browser']}, {section['machine']})."
    )
    for peer in section["peers"]:
        near, far = (peer["photos"][name]["ms"] for name in PHOTOS)
        text += (
            f" {peer['package']} {peer['version']} takes {near:.0f} and {far:.0f} ms there on "
            f"{peer['backend']}."
        )
    return text


BLOCKS: dict[str, Callable[[dict], str]] = {
    "page": render_page,
    "benchmark": render_benchmark,
    "server": render_server,
    "arm": render_arm,
    "consistency": render_consistency,
}
