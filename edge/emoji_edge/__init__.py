"""Name the expression on a face, on your own device."""

from .classify import Classifier, Expression, FaceResult, PhotoResult
from .contract import ContractError, load_contract
from .image import ImageError
from .runtime import ModelError

__all__ = [
    "Classifier",
    "ContractError",
    "Expression",
    "FaceResult",
    "ImageError",
    "ModelError",
    "PhotoResult",
    "load_contract",
]
