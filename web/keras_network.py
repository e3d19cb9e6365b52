"""The network as Keras itself runs it, from its .h5: for comparison, and as it was trained."""

import hashlib
from pathlib import Path

import numpy as np
from emoji_edge import ModelError
from emoji_edge.contract import Contract


class KerasNetwork:
    """An .h5 that a Classifier can run. One serves all threads."""

    def __init__(self, path: Path, contract: Contract, name: str) -> None:
        """Load and check it; ModelError where Keras is missing or the file is not the network."""
        if not path.is_file():  # before TensorFlow, which takes seconds
            raise ModelError(f"{path}: no such file")
        try:
            from convert.network import NetworkError, load_network
        except ImportError as error:
            raise ModelError(f"the Keras backend needs Keras and TensorFlow ({error})") from None
        try:
            self._model = load_network(path, contract)
        except NetworkError as error:
            raise ModelError(str(error)) from None
        self._contract = contract
        self.name = name
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    def run_faces(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores [n, labels] and evidence [n, h, w, labels] of gray faces [n, 48, 48], 0 to 255."""
        answer = self._model(np.asarray(pixels, np.float32)[..., None], training=False)
        scores, evidence = self._contract.scores_name, self._contract.evidence_name
        return np.asarray(answer[scores]), np.asarray(answer[evidence])
