"""The label head's second fit, on scores whose truth is known."""

import numpy as np
import pytest
from scipy.special import softmax

from training import refit


def draw_labels(logits: np.ndarray) -> np.ndarray:
    """Draw a label for each row of logits [n, 7] by its softmax."""
    rng = np.random.default_rng(3)
    shares = softmax(logits, axis=1).cumsum(axis=1)
    return (shares < rng.random((len(logits), 1))).sum(axis=1).clip(max=6)


@pytest.fixture(scope="module")
def logits():
    return np.random.default_rng(2).normal(0, 2, (4000, 7))


def test_the_map_is_found_again(logits):
    """Labels drawn after two classes were mixed and one made rarer."""
    true = refit.IDENTITY.copy()
    true[[1, 2], [2, 1]] = 0.5
    true[-1] = [0, 0, 0, 0.8, 0, 0, 0]
    true[-1] -= true[-1].mean()  # softmax does not know a constant
    labels = draw_labels(refit.apply_map(logits, true))
    views = logits[None]
    strength = refit.choose_strength(views, labels)
    assert strength <= 0.03
    found = refit.fit_views(views, labels, strength)
    assert found == pytest.approx(true, abs=0.2)
    assert refit.measure_map(logits, labels, found) < 0.95 * refit.measure_map(
        logits, labels, refit.IDENTITY
    )


def test_a_head_that_is_right_stays_as_it_is(logits):
    few = logits[:1000]
    labels = draw_labels(few)
    strength = refit.choose_strength(few[None], labels)
    assert strength == max(refit.STRENGTHS)
    assert refit.fit_views(few[None], labels, strength) == pytest.approx(refit.IDENTITY, abs=0.15)


def test_all_views_of_the_chosen_rows_are_fitted(logits):
    labels = draw_labels(logits)
    views = np.stack([logits, logits + 1])
    rows = np.arange(100)
    both = np.concatenate([logits[:100], logits[:100] + 1])
    expected = refit.fit_map(both, np.tile(labels[:100], 2), 0.1)
    assert refit.fit_views(views, labels, 0.1, rows) == pytest.approx(expected)
