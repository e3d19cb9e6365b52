"""Hold an exam on labelled photos: how often the answers are what somebody saw, and for whom.

from emoji_edge.exam import run_exam
exam = run_exam("photos/", "labels.csv")
print(exam.to_dict()["scores"]["first"])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import Failure, Outcome
from ..classify import ClassifierOptions
from ..contract import Contract, load_contract
from ..listing import Photo, show_name
from ..parallel import classify_photos
from ..result import HEADS, PhotoResult
from .groups import measure_groups
from .labels import ExamError, read_table
from .measures import Marks, measure_all
from .photos import LabelledPhoto, LeftOut, list_files, match_folders, match_rows

__all__ = ["Exam", "ExamError", "run_exam"]

DIGITS = 6  # of the shares and scores that are given


@dataclass(frozen=True)
class Exam:
    """What an exam found, photo by photo, and what was left out.

    Attributes:
        asked: each labelled photo with its result, in the order of the table.
        failed: photos and folders that could not be read.
        left_out: what never came to be asked.
        labels: the contract's.
        source: of the labels: the table's path, or "folders".
    """

    asked: tuple[tuple[LabelledPhoto, PhotoResult], ...]
    failed: tuple[Failure, ...]
    left_out: LeftOut
    labels: tuple[str, ...]
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return all measures and each photo's result, ready for JSON."""
        scores, no_groups = self._measure("scores")
        results = [_describe(one, result, self.labels) for one, result in self.asked]
        left = {name: dict(value) if isinstance(value, dict) else value
                for name, value in vars(self.left_out).items()}  # fmt: skip
        return round_numbers({
            "labels": self.source,
            "photos": len(self.asked),
            "several_faces": sum(len(result.faces) > 1 for _, result in self.asked),
            "copies": self._count_copies(),
            "model": self.asked[0][1].model if self.asked else None,
            "left_out": left | {"failed": [failure.to_dict() for failure in self.failed]},
            "no_groups": no_groups,
            "scores": scores,
            "label_scores": self._measure("label_scores")[0],
            "differing": list_differing(results),
            "results": results,
        })  # fmt: skip

    def _count_copies(self) -> int:
        """Count the photos whose bytes are those of an earlier one."""
        seen = [result.photo_sha256 for _, result in self.asked if result.photo_sha256]
        return len(seen) - len(set(seen))

    def _measure(self, head: str) -> tuple[dict[str, Any], dict[str, int]]:
        marks = self._collect(head)
        groups, no_groups = measure_groups(marks, self._list_columns(), self.labels)
        return measure_all(marks, self.labels) | {"groups": groups}, no_groups

    def _collect(self, head: str) -> Marks:
        faces = [result.faces[0] if result.faces else None for _, result in self.asked]
        blank = np.full(len(self.labels), np.nan)
        return Marks(
            np.array([self.labels.index(one.label) for one, _ in self.asked], dtype=int),
            np.reshape(
                [getattr(face, head) if face else blank for face in faces], (-1, blank.size)
            ),
            np.array([face.not_sure if face else True for face in faces], dtype=bool),
        )

    def _list_columns(self) -> dict[str, list[str]]:
        names = dict.fromkeys(name for one, _ in self.asked for name in one.groups)
        return {name: [one.groups.get(name, "") for one, _ in self.asked] for name in names}


def run_exam(
    photos: str | Path | Sequence[str | Path],
    labels: str | Path | None = None,
    *,
    options: ClassifierOptions | None = None,
    jobs: int = 1,
    annotate: str = "",
    watch: Callable[[Outcome, int], None] | None = None,
) -> Exam:
    """Classify labelled photos and compare the largest face of each with its label.

    Args:
        photos: pictures and folders; folders inside folders are searched too.
        labels: a CSV file with a column of file names, one of expressions (in any case, with the
            usual synonyms), and any further columns, which are groups. None takes the names of
            the folders that the photos lie in, as in `test/angry/1.jpg`.
        options: how to classify; the contract's defaults where None.
        jobs: how many processes, each with a network of its own.
        annotate: the folder of annotated copies, none where empty.
        watch: is called with each photo's result or failure and the number of all photos.

    Raises:
        ExamError: the table or the photos cannot be used, or no photo has a label.
        ContractError, ModelError: the contract or the network cannot be used.
    """
    contract = load_contract()
    several = [photos] if isinstance(photos, str | Path) else photos
    asked, left, problems = match_photos([str(one) for one in several], labels, contract)
    failed = [Failure(photo.name, photo.error) for photo in problems]
    total = len(asked) + len(failed)
    if watch:
        for failure in failed:
            watch(failure, total)
    photos_asked = iter([one.photo for one in asked])
    outcomes = classify_photos(photos_asked, options or ClassifierOptions(), jobs, annotate)
    pairs: list[tuple[LabelledPhoto, PhotoResult]] = []
    for one, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Failure):
            failed.append(outcome)
        else:
            pairs.append((one, _forget_pictures(outcome)))
        if watch:
            watch(outcome, total)
    source = "folders" if labels is None else show_name(str(labels))
    return Exam(tuple(pairs), tuple(failed), left, contract.labels, source)


def match_photos(
    photos: Sequence[str], labels: str | Path | None, contract: Contract
) -> tuple[list[LabelledPhoto], LeftOut, list[Photo]]:
    """Find the photos that have a label, and the folders that give none; ExamError without any."""
    rows = None if labels is None else read_table(labels, contract.labels)
    files, problems = list_files(photos)
    where = ", ".join(photos)
    if not files:
        reasons = "; ".join(f"{problem.name}: {problem.error}" for problem in problems)
        raise ExamError(reasons or f"{where}: no pictures")
    if rows is None:
        asked, left = match_folders(files, contract.labels)
        hint = f"no folder in {where} is named after an expression ({', '.join(contract.labels)})"
    else:
        asked, left = match_rows(files, rows, contract.labels)
        hint = f"{labels}: none of its {len(rows)} rows fits a photo in {where}"
        if left.unknown and not left.missing:
            names = ", ".join(name for name, _ in left.unknown.most_common(3))
            hint = f"{labels}: no row names an expression (it says {names})"
    if not asked:
        raise ExamError(hint)
    return asked, left, problems


def _forget_pictures(result: PhotoResult) -> PhotoResult:
    """Keep no evidence and no pixels, which would fill the memory over many photos."""
    empty = np.zeros(0, np.uint8)
    faces = tuple(replace(face, evidence=empty, pixels=empty) for face in result.faces)
    return replace(result, faces=faces)


def _describe(one: LabelledPhoto, result: PhotoResult, labels: tuple[str, ...]) -> dict[str, Any]:
    """Give one photo's label, groups and the scores of its largest face."""
    face = result.faces[0] if result.faces else None
    values = {head: getattr(face, head) if face else None for head in HEADS}
    return {
        "photo": result.photo,
        "label": one.label,
        "groups": one.groups,
        "faces": len(result.faces),
        "box": list(face.box) if face else None,
        "not_sure": face.not_sure if face else None,
    } | {
        head: None if scores is None else dict(zip(labels, map(float, scores), strict=True))
        for head, scores in values.items()
    }


def list_differing(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List the results whose best score is not their label's, the most certain first.

    Photos without a face come last.
    """
    found = []
    for one in results:
        scores = one["scores"] or {}
        said = max(scores, key=scores.__getitem__) if scores else None
        if said != one["label"]:
            entry = {name: one[name] for name in ("photo", "label", "groups", "not_sure")}
            found.append(entry | {"said": said, "score": scores[said] if said else None})
    return sorted(found, key=lambda entry: -(entry["score"] or 0))


def round_numbers(value: Any) -> Any:
    """Round every number in nested lists and dictionaries to the digits that count."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: round_numbers(one) for name, one in value.items()}
    return [round_numbers(one) for one in value] if isinstance(value, list | tuple) else value
