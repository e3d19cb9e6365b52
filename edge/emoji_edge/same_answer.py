"""Hold two results of one photo against each other, by the contract's `same_answer`."""

from dataclasses import dataclass
from typing import Any

from .contract import Contract

Result = dict[str, Any]  # in the shape of PhotoResult.to_dict, or {"photo", "error"}


@dataclass(frozen=True)
class ResultDifference:
    """A measure of how far two results of one photo are apart.

    Attributes:
        reason: what makes them another answer; empty where they are the same.
        faces: how many pairs of faces were compared.
        box: the largest difference of a box's side, in pixels.
        score: the largest difference of a score that both name.
    """

    reason: str = ""
    faces: int = 0
    box: float = 0.0
    score: float = 0.0


def compare_results(found: Result, expected: Result, contract: Contract) -> ResultDifference:
    """Compare two results of one photo; two failures are the same answer, whatever they say."""
    if ("error" in found) != ("error" in expected):
        said = [result.get("error", "an answer") for result in (found, expected)]
        return ResultDifference(f"{said[0]}, expected {said[1]}")
    if "error" in found:
        return ResultDifference()
    if found["size"] != expected["size"] or len(found["faces"]) != len(expected["faces"]):
        return ResultDifference(
            f"{len(found['faces'])} faces in {found['size']}, expected {len(expected['faces'])} "
            f"in {expected['size']}"
        )
    pairs = list(zip(found["faces"], expected["faces"], strict=True))
    measured = [measure_face(*pair) for pair in pairs]
    reasons = filter(None, (find_difference(*pair, contract) for pair in pairs))
    box = max((box for box, _ in measured), default=0.0)
    score = max((score for _, score in measured), default=0.0)
    return ResultDifference(next(reasons, ""), len(pairs), box, score)


def measure_face(found: Result, expected: Result) -> tuple[float, float]:
    """Measure the largest differences of a face's box, in pixels, and of scores that both name."""
    known = {e["label"]: e["score"] for e in expected["expressions"]}
    scores = [
        abs(e["score"] - known[e["label"]]) for e in found["expressions"] if e["label"] in known
    ]
    boxes = [abs(a - b) for a, b in zip(found["box"], expected["box"], strict=True)]
    return max(boxes), max(scores, default=1.0)


def measure_roll(found: float | None, expected: float | None) -> float:
    """Measure by how many degrees two tilts differ; 180 where only one is known."""
    if found is None or expected is None:
        return 0.0 if found == expected else 180.0
    return abs((found - expected + 180) % 360 - 180)


def find_difference(found: Result, expected: Result, contract: Contract) -> str:
    """Say what makes a face another answer; empty where it is the same."""
    limits = contract.same_answer
    if (found["detection"] is None) != (expected["detection"] is None):
        return "one face was found and the other is the whole picture"
    box, score = measure_face(found, expected)
    roll = measure_roll(found["roll"], expected["roll"])
    near = abs(expected["expressions"][0]["score"] - contract.not_sure_below) <= limits.score
    differences = {
        f"a box is {box:.2f} px off": box > limits.box,
        f"a head's tilt is {roll:.2f} degrees off": roll > limits.roll,
        f"a score is {score:.4f} off": score > limits.score,
        "the expressions have another order": not is_ranked_alike(found, expected, limits.score),
        "one is sure and the other is not": found["not_sure"] != expected["not_sure"] and not near,
    }
    return next((reason for reason, differs in differences.items() if differs), "")


def is_ranked_alike(found: Result, expected: Result, near: float) -> bool:
    """Tell whether both have the same top expressions; near neighbours may change places."""
    pairs = zip(found["expressions"], expected["expressions"], strict=True)
    return all(a["label"] == b["label"] or abs(a["score"] - b["score"]) <= near for a, b in pairs)
