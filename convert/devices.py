"""Render what was measured of whole front ends: the command's speed, emulated Arm, consistency."""

from collections.abc import Callable

from convert.report import make_table

PHOTOS = {"near": "near face", "far": "far face, both detectors"}


def render_benchmark(report: dict) -> str:
    """Warm and cold times and memory of whole photos, default artifact, one thread."""
    section = report["benchmark"]
    head = ["640x480 JPEG", "warm, photo to top three", "cold, whole command", "peak memory"]
    rows = []
    for name, title in PHOTOS.items():
        warm = next(
            row for row in section["warm"]
            if (row["artifact"], row["threads"], row["photo"]) == ("float32", 1, name)
        )  # fmt: skip
        cold = section["cold"][name]
        rows.append([
            title, f"{warm['stages_ms']['whole']:.1f} ms", f"{cold['median_s']:.2f} s",
            f"{cold['peak_mb']:.0f} MB",
        ])  # fmt: skip
    setup = f"Medians on {section['machine']}, {section['runtime']}, one thread."
    return "\n".join([make_table(head, rows), "", setup, *render_peers(section["peers"])])


def render_peers(peers: list[dict]) -> list[str]:
    """A table of another package, timed in the same run."""
    if not peers:
        return []
    head = [f"PyPI `{peers[0]['package']}` {peers[0]['version']}, warm", *PHOTOS.values()]
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for peer in peers:
        rows.setdefault((peer["finder"], peer["cores"]), {})[peer["photo"]] = peer["warm_ms"]
    cells = [
        [f"{finder}, {'one core' if cores == '1' else 'all cores'}"]
        + [f"{row[name]:.0f} ms" for name in PHOTOS]
        for (finder, cores), row in rows.items()
    ]
    return ["", "In the same run, on the same photos:", "", make_table(head, cells)]


def render_arm(report: dict) -> str:
    """What emulated Arm answered, a column an architecture."""
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
    """Each front end against the library, over the same photos."""
    section = report["consistency"]
    rows = [
        [
            one["title"],
            f"{one['same']} of {one['photos']}",
            f"{one['box']:g}",
            f"{one['score']:.1e}",
        ]
        for one in section["front_ends"].values()
    ]
    head = [
        "front end",
        "same answer",
        "largest box difference, pixels",
        "largest score difference",
    ]
    return (
        f"{make_table(head, rows)}\n\n{section['photos']} photos with {section['faces']} faces; on "
        f"{section['no_face']} no face is found, {section['refused']} are refused, "
        f'{section["not_sure"]} faces get "not sure".'
    )


def render_photos(report: dict) -> str:
    """Whole photos of another source: the page against the command, and an annotator's eyes."""
    section = report["photos"]
    found = section["annotator"]
    first, low, high = (
        f"{100 * value:.0f}%" for value in (found["first"]["share"], *found["first"]["interval"])
    )
    each = ", ".join(
        f"{label} {round(share['share'] * share['pictures'])} of {share['pictures']}"
        for label, share in found["expressions"].items()
    )
    sure = found["sure"]
    return (
        f"Of {section['photos']} photos of another source, from file to answer, the page and the "
        f"command answer {section['same']} the same. The first expression is what the one "
        f"annotator saw on {first} ({low} to {high}), and among the top three on "
        f"{found['top3']['share']:.0%}; of the {sure['pictures']} answers that are sure, "
        f"{sure['share']:.0%} are. By what the annotator saw: {each}."
    )


def render_page(report: dict) -> str:
    """What a first visit of the page costs, beside other packages in the same browser."""
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
    "arm": render_arm,
    "consistency": render_consistency,
    "photos": render_photos,
}
