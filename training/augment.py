"""Vary the training pictures as photos vary: pose, the detector's framing, light, hidden parts.

Everything random comes from the generator passed in, so that a resumed run sees what an
uninterrupted one would have seen.
"""

from dataclasses import dataclass

import keras
import numpy as np
from scipy.ndimage import gaussian_filter


@dataclass(frozen=True)
class Augmentation:
    """Say how far pictures are varied; zeros leave them as they are."""

    rotation: float = 15.0  # degrees either way
    scale: float = 0.2  # share either way; a face detector's boxes vary this much
    shift: float = 0.08  # share of the size, either way, both axes
    brightness: float = 30.0  # gray levels either way
    contrast: float = 0.3  # share either way
    gamma: float = 0.0  # largest power, either way, that light is raised to, as its logarithm
    blur: float = 0.0  # largest deviation of a Gaussian blur, in pixels
    noise: float = 0.0  # largest deviation of Gaussian noise, in gray levels
    erase: float = 0.5  # chance that a rectangle is hidden
    erase_area: float = 0.2  # largest share of the picture that it hides
    mixup: float = 0.2  # Beta(a, a) of mixup (Zhang et al. 2018)


def augment_batch(
    images: np.ndarray, targets: np.ndarray, rng: np.random.Generator, how: Augmentation, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Vary uint8 [n, 48, 48] with targets [n, heads, 7]: to float32 [n, size, size, 1]."""
    x = images[..., None].astype(np.float32)
    x = vary_light(x, rng, how)
    x = bend_light(x, rng, how.gamma)
    x = blur_pictures(x, rng, how.blur)
    x = keras.ops.image.affine_transform(
        x, draw_transforms(len(x), x.shape[1], rng, how), fill_mode="constant", fill_value=0.0
    )
    if size != images.shape[1]:
        x = keras.ops.image.resize(x, (size, size), antialias=True)
    x = add_noise(keras.ops.convert_to_numpy(x).copy(), rng, how.noise)
    x = erase_rectangles(x, rng, how)
    return mix_pairs(x, targets, rng, how.mixup)


def draw_transforms(n: int, size: int, rng: np.random.Generator, how: Augmentation) -> np.ndarray:
    """Draw affine transforms [n, 8] (output to input pixel): flip, rotation, scale and shift."""
    angle = np.radians(rng.uniform(-how.rotation, how.rotation, n))
    scale = 1 / (1 + rng.uniform(-how.scale, how.scale, n))
    flip = rng.choice([-1.0, 1.0], n)
    dx, dy = rng.uniform(-how.shift, how.shift, (2, n)) * size
    a, b = scale * np.cos(angle) * flip, -scale * np.sin(angle)
    d, e = scale * np.sin(angle) * flip, scale * np.cos(angle)
    center = (size - 1) / 2
    c = center + dx - (a + b) * center
    f = center + dy - (d + e) * center
    zero = np.zeros(n)
    return np.stack([a, b, c, d, e, f, zero, zero], axis=1).astype(np.float32)


def vary_light(x: np.ndarray, rng: np.random.Generator, how: Augmentation) -> np.ndarray:
    """Vary contrast about each picture's mean, then brightness, clipped to 0..255."""
    shape = (len(x), 1, 1, 1)
    contrast = 1 + rng.uniform(-how.contrast, how.contrast, shape)
    brightness = rng.uniform(-how.brightness, how.brightness, shape)
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return np.clip((x - mean) * contrast + mean + brightness, 0, 255).astype(np.float32)


def bend_light(x: np.ndarray, rng: np.random.Generator, gamma: float) -> np.ndarray:
    """Raise each picture's light, as a share of white, to a power within e^-gamma .. e^gamma."""
    if gamma <= 0:
        return x
    power = np.exp(rng.uniform(-gamma, gamma, (len(x), 1, 1, 1)))
    return (255 * (x / 255) ** power).astype(np.float32)


def blur_pictures(x: np.ndarray, rng: np.random.Generator, blur: float) -> np.ndarray:
    """Blur every second picture, at random, by a Gaussian of up to this deviation in pixels."""
    if blur <= 0:
        return x
    deviations = rng.uniform(0, blur, len(x)) * (rng.random(len(x)) < 0.5)
    return np.stack(
        [
            gaussian_filter(image, (deviation, deviation, 0)) if deviation else image
            for image, deviation in zip(x, deviations, strict=True)
        ]
    )


def add_noise(x: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Add Gaussian noise of up to this deviation, another for each picture, within 0..255."""
    if noise <= 0:
        return x
    deviations = rng.uniform(0, noise, (len(x), 1, 1, 1))
    return np.clip(x + deviations * rng.normal(size=x.shape), 0, 255).astype(np.float32)


def erase_rectangles(x: np.ndarray, rng: np.random.Generator, how: Augmentation) -> np.ndarray:
    """Hide one rectangle of some pictures under noise (Zhong et al. 2020); writes into x."""
    size = x.shape[1]
    for i in np.nonzero(rng.random(len(x)) < how.erase)[0]:
        area = rng.uniform(0.02, how.erase_area) * size * size
        aspect = np.exp(rng.uniform(-1, 1))
        height = max(1, min(size, round(np.sqrt(area * aspect))))
        width = max(1, min(size, round(np.sqrt(area / aspect))))
        top, left = rng.integers(size - height + 1), rng.integers(size - width + 1)
        noise = rng.uniform(0, 255, (height, width, 1)) if rng.random() < 0.5 else 0
        x[i, top : top + height, left : left + width] = noise
    return x


def mix_pairs(
    x: np.ndarray, targets: np.ndarray, rng: np.random.Generator, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Blend each picture and its target with another one's."""
    if alpha <= 0:
        return x, targets
    share = rng.beta(alpha, alpha, len(x)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    partner = rng.permutation(len(x))
    weight = share[:, None, None, None]
    mixed = x * weight + x[partner] * (1 - weight)
    share = share[:, None, None]
    return mixed, targets * share + targets[partner] * (1 - share)
