"""The network as Keras itself runs it, from its .h5: for comparison, and as it was trained."""

import hashlib
from pathlib import Path

import numpy as np
from emoji_edge import ModelError
from emoji_edge.contract import Contract
from emoji_edge.network import FaceOutputs


class KerasNetwork:
    """A Keras network that a Classifier can run; one serves all threads."""

    def __init__(self, path: Path, contract: Contract, name: str) -> None:
        """Load and check the .h5; ModelError where Keras is missing or it is not the network."""
        if not path.is_file():  # before TensorFlow, which takes seconds
            raise ModelError(f"{path}: no such file")
        try:
            from convert.network import NetworkError, open_network
        except ImportError as error:
            raise ModelError(
                f"the Keras backend needs Keras and TensorFlow, and the repository ({error})"
            ) from None
        try:
            self._model = open_network(path, contract)
        except NetworkError as error:
            raise ModelError(str(error)) from None
        self._names = contract.output_names
        self.name = name
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    def run_faces(self, pixels: np.ndarray) -> FaceOutputs:
        """Run gray faces [n, 48, 48] of values 0 to 255."""
        found = self._model(np.asarray(pixels, np.float32)[..., None], training=False)
        return FaceOutputs(*(np.asarray(found[name]) for name in self._names))
