"""Measure by group: each value of a column beside all other photos."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .measures import Marks, find_difference, measure_agreement
from .names import fold_name

MOST_GROUPS = 12  # values of a column of texts; one with more names things, not groups
MOST_NUMBERS = 6  # values of a column of numbers; more are joined into ranges
RANGES = 3
UNTOLD = {"", "-", "?", "na", "n/a", "nan", "null", "unknown"}


def measure_groups(
    marks: Marks, columns: Mapping[str, Sequence[str]], labels: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, int]]:
    """Measure every value of every column.

    Args:
        marks: of n photos.
        columns: of each name n texts; an empty one tells nothing of its photo.
        labels: the contract's.

    Returns:
        By column and value its measures, with the `difference` of the first answer's agreement
        from that of all photos of other values; and the columns that are no groups, with their
        number of values.
    """
    measured, no_groups = {}, {}
    for name, texts in columns.items():
        values = name_ranges(["" if fold_name(text) in UNTOLD else text for text in texts])
        kinds = sort_values(set(values) - {""})
        if len(kinds) > MOST_GROUPS:
            no_groups[name] = len(kinds)
        elif len(kinds) > 1:
            measured[name] = _measure_column(marks, np.array(values), kinds, labels)
    return measured, no_groups


def _measure_column(
    marks: Marks, values: np.ndarray, kinds: Sequence[str], labels: tuple[str, ...]
) -> dict[str, Any]:
    right = marks.ranks == 0
    told = values != ""
    return {
        kind: measure_agreement(marks.pick(values == kind), labels)
        | {"difference": find_difference(right[values == kind], right[told & (values != kind)])}
        for kind in kinds
    }


def name_ranges(texts: Sequence[str]) -> list[str]:
    """Join many numbers into ranges of about as many photos; other texts stay as they are.

    A number with leading zeros is a name.
    """
    numbers = [_read_number(text) for text in texts if text]
    if len(set(texts) - {""}) <= MOST_NUMBERS or None in numbers:
        return list(texts)
    values = np.array(numbers, dtype=float)
    edges = np.quantile(values, np.arange(1, RANGES) / RANGES)
    places = {text: int(np.searchsorted(edges, float(text))) for text in texts if text}
    names = []
    for place in range(RANGES):
        inside = [float(text) for text in places if places[text] == place]
        names.append(f"{min(inside):g} to {max(inside):g}" if inside else "")
    return [names[places[text]] if text else "" for text in texts]


def _read_number(text: str) -> float | None:
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def sort_values(values: set[str]) -> list[str]:
    """Sort by the number that a value begins with, else by its letters."""

    def key(value: str) -> tuple[float, str]:
        number = _read_number(value.split(" ", maxsplit=1)[0])
        return (float("inf") if number is None else number), value

    return sorted(values, key=key)
