"""Render what edge.bench.faces measured, for the documents."""

from typing import Any

from models.report import make_table

MISSING = "Not measured yet."


def name_group(row: dict[str, Any]) -> str:
    """Name the pictures of a row in words."""
    if row["kind"] == "size":
        return f"{row['width']}x{row['height']}, faces of {row['side']} pixels"
    if row["kind"] == "tilt":
        return f"heads tilted by {row['tilt']} degrees"
    if row["kind"] == "collage":
        return f"a collage of {row['count']}"
    return f"{row['width']}x{row['height']}, no people"


def render_faces(report: dict[str, Any]) -> str:
    """Render which faces are found, by size, tilt and picture, and which are false."""
    if "faces" not in report:
        return MISSING
    section = report["faces"]
    rows = [
        [
            name_group(row),
            f"{row['pictures']}",
            f"{row['faces']:,}" if row["faces"] else "",
            f"{row['found'] / row['faces']:.1%}" if row["faces"] else "",
            f"{row['false']}",
        ]
        for row in section["rows"]
    ]
    table = make_table(["pictures", "number", "faces", "found", "false"], rows)
    rate = section["false"] / section["pictures"]
    return (
        f"{table}\n\nHeads of the {section['portraits']} on drawn backgrounds, by a seed; in all "
        f"{section['found']:,} of {section['faces']:,} faces found, "
        f"{rate:.3f} false ones a picture."
    )


def render_curve(report: dict[str, Any]) -> str:
    """Render recall against false faces by the detector's threshold."""
    if "faces" not in report:
        return MISSING
    rows = [
        [f"{point['threshold']:g}", f"{point['recall']:.1%}", f"{point['false']:.3f}"]
        for point in report["faces"]["curve"]
    ]
    return make_table(["threshold", "faces found", "false faces a picture"], rows)


def render_peers(report: dict[str, Any]) -> str:
    """Render what other packages' detectors found on some of the same pictures."""
    if "peers" not in report.get("faces", {}):
        return MISSING
    section = report["faces"]["peers"]
    finders = section["finders"]
    rows = [
        [name_group(row), *(describe_found(one["rows"][place]) for one in finders)]
        for place, row in enumerate(finders[0]["rows"])
    ]
    rows.append(["all", *(describe_found(one) for one in finders)])
    head = ["found; false", *(f"{one['finder']} {one['version']}" for one in finders)]
    note = (
        f"{section['pictures']} of these pictures, every detector in one run with the settings "
        "that its documentation begins with, but for the number of faces."
    )
    return f"{make_table(head, rows)}\n\n{note}"


def describe_found(row: dict[str, Any]) -> str:
    """Describe the found share and the number of false faces."""
    found = f"{row['found'] / row['faces']:.0%}; " if row["faces"] else ""
    return f"{found}{row['false']}"


def render_turned(report: dict[str, Any]) -> str:
    """Render what of the agreement is kept where photos are rotated."""
    if "turned" not in report.get("faces", {}):
        return MISSING
    rows = [
        [
            f"{row['degrees']}",
            f"{row['share']:.1%} ({row['interval'][0]:.1%} to {row['interval'][1]:.1%})",
            f"{row['kept']:.1%}",
            f"{row['no_face']}",
        ]
        for row in report["faces"]["turned"]
    ]
    head = ["photos rotated by degrees", "agreement with the labels", "of the upright", "no face"]
    return make_table(head, rows)


BLOCKS = {
    "faces": render_faces,
    "face-thresholds": render_curve,
    "face-peers": render_peers,
    "face-turned": render_turned,
}
