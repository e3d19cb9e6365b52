"""Understand the names that people give to expressions: any case, and the usual synonyms."""

import unicodedata
from collections.abc import Sequence

# By label, what data sets and people write for it. A label that the contract lacks is never used.
SYNONYMS = {
    "angry": ("anger", "ang", "mad", "furious"),
    "disgust": ("disgusted", "disgusting", "dis"),
    "fear": ("fearful", "afraid", "scared", "fea", "frightened"),
    "happy": ("happiness", "hap", "joy", "joyful", "smile", "smiling", "glad"),
    "sad": ("sadness", "unhappy", "sorrow", "sorrowful"),
    "surprise": ("surprised", "sur", "surprising", "astonished"),
    "neutral": ("none", "neu", "no expression", "no emotion", "neutrality", "normal"),
}


def fold_name(text: str) -> str:
    """Return the text in one spelling: no case, no accents' variants, single blanks for joints."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.replace("_", " ").replace("-", " ").split())


def find_expression(text: str, labels: Sequence[str]) -> str:
    """Find the contract's label that a name means; an empty text where it means none of them."""
    name = fold_name(text)
    for label in labels:
        if name == fold_name(label) or name in SYNONYMS.get(label, ()):
            return label
    return ""
