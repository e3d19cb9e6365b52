"""Read the shards of a run back, as the results that the one-machine command writes."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def read_results(output: Path) -> dict[str, dict[str, Any]]:
    """Each photo's result or failure from the shards, by its name, as a line of JSON has it.

    Raises:
        ValueError: a photo or a face stands in the shards more than once.
    """
    rows = pq.read_table(output).to_pylist()
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        result = results.setdefault(row["photo"], build_result(row))
        if row["face"] is not None:
            result["faces"].append(build_face(row))
    if len(rows) != sum(max(1, len(result.get("faces", ()))) for result in results.values()):
        raise ValueError("a photo or a face stands in the shards more than once")
    return results


def build_result(row: dict[str, Any]) -> dict[str, Any]:
    """The result of a row's photo without its faces, or its failure."""
    if row["error"] is not None:
        return {"photo": row["photo"], "error": row["error"]}
    model = {"artifact": row["artifact"], "sha256": row["model_sha256"]}
    size = [row["width"], row["height"]]
    return {"photo": row["photo"], "size": size, "faces": [], "model": model}


def build_face(row: dict[str, Any]) -> dict[str, Any]:
    """The face of a row."""
    ranks = sum(name.startswith("label_") and name[6:].isdigit() for name in row)
    return {
        "box": [row[corner] for corner in ("x0", "y0", "x1", "y1")],
        "roll": row["roll"],
        "detection": row["detection"],
        "not_sure": row["not_sure"],
        "expressions": [
            {key: row[f"{key}_{rank}"] for key in ("label", "emoji", "score")}
            for rank in range(1, ranks + 1)
        ],
    }
