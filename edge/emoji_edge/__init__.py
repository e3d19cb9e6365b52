"""Name the expression on a face, on your own device.

    from emoji_edge import Classifier

    for face in Classifier().classify("photo.jpg").faces:
        print(face.expressions[0].emoji, face.expressions[0].emo_score, "%")

emoji_edge.timeline does the same for videos; emoji_edge.exam compares the answers with labels of
your own.
"""

from .classify import Classifier
from .contract import ContractError, load_contract
from .crop import BoxError
from .errors import EmojiError
from .face import FinderOptions
from .image import ImageError
from .result import Expression, FaceResult, PhotoResult
from .runtime import ModelError

__all__ = [
    "BoxError",
    "Classifier",
    "ContractError",
    "EmojiError",
    "Expression",
    "FaceResult",
    "FinderOptions",
    "ImageError",
    "ModelError",
    "PhotoResult",
    "load_contract",
]
