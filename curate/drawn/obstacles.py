"""Things between a camera and a garment: a pole, leaves, a hand, what stands beside it."""

import cv2
import numpy as np
import numpy.typing as npt

from curate.drawn.backgrounds import Scene
from curate.drawn.street_look import Share

Point = npt.NDArray[np.float64]
Thing = tuple[Share, Point]  # where it is, and its colour (3,)

_MOST_HIDDEN = 0.25  # of the garment
_SKINS = ((236, 200, 176), (214, 170, 138), (176, 128, 96), (128, 88, 66), (92, 62, 48))


def hidden_in_part(scene: Scene, alpha: Share, rng: np.random.Generator) -> tuple[Scene, Share]:
    """Something in front of the garment of `alpha`; also what is left of `alpha`, three quarters of it at least."""
    kind = (_pole, _leaves, _hand, _neighbour)[rng.integers(4)]
    state = rng.bit_generator.state
    for size in (1.0, 0.7, 0.45):
        rng.bit_generator.state = state  # the same thing, smaller
        front, colour = kind(alpha, size, rng)
        left = alpha * (1 - front)
        if left.sum() >= (1 - _MOST_HIDDEN) * alpha.sum():
            return _over(scene, front, colour), left
    return scene, alpha


def _over(scene: Scene, front: Share, colour: Point) -> Scene:
    depth = 0.8 + 0.2 * cv2.GaussianBlur(front, (0, 0), 3)[..., None]  # darker towards its edge
    return np.asarray(scene + front[..., None] * (colour * depth - scene), np.float32)


def _soft(front: Share) -> Share:
    return np.asarray(cv2.GaussianBlur(front, (0, 0), 0.6), np.float32)


def _pole(alpha: Share, size: float, rng: np.random.Generator) -> Thing:
    """A pole or a bar across the garment."""
    left, top, width, height = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    middle = np.array([left + width * rng.uniform(0.1, 0.9), top + height * rng.uniform(0.1, 0.9)])
    turn = np.pi / 2 + rng.normal(0, 0.25) if rng.random() < 0.7 else rng.normal(0, 0.2)
    along = 2 * max(alpha.shape) * np.array([np.cos(turn), np.sin(turn)])
    front = np.zeros(alpha.shape, np.float32)
    thickness = max(2, round(size * rng.uniform(0.04, 0.1) * max(width, height)))
    ends = np.rint(np.stack([middle - along, middle + along])).astype(int).tolist()
    cv2.line(front, ends[0], ends[1], 1.0, thickness)
    return _soft(front), rng.uniform(50, 190) + rng.uniform(-25, 25, 3)


def _leaves(alpha: Share, size: float, rng: np.random.Generator) -> Thing:
    """A twig over a corner."""
    left, top, width, height = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    corner = np.array([left + width * rng.choice([0.1, 0.9]), top + height * rng.uniform(0, 1)])
    front = np.zeros(alpha.shape, np.float32)
    reach = size * max(width, height)
    for _ in range(16):
        centre = np.rint(corner + rng.normal(0, 0.12, 2) * reach).astype(int).tolist()
        axes = max(1, round(reach * rng.uniform(0.015, 0.03))), max(2, round(reach * rng.uniform(0.04, 0.07)))
        cv2.ellipse(front, centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    return _soft(front), np.array([70, 110, 56]) + rng.uniform(-24, 24)


def _hand(alpha: Share, size: float, rng: np.random.Generator) -> Thing:
    """A forearm from the photo's edge, with a hand on the garment."""
    left, top, width, height = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    reach = size * max(width, height)
    right = rng.random() < 0.5
    palm = np.array([left + width * (0.85 if right else 0.15), top + height * rng.uniform(0.3, 0.8)])
    elbow = np.array([alpha.shape[1] * (1.2 if right else -0.2), palm[1] + rng.uniform(-0.1, 0.5) * height])
    towards = (palm - elbow) / np.linalg.norm(palm - elbow)
    beside = np.array([-towards[1], towards[0]])
    front = np.zeros(alpha.shape, np.float32)
    _stroke(front, elbow, palm, 0.085 * reach)
    _stroke(front, palm, palm + 0.04 * reach * towards, 0.11 * reach)
    for place in (-0.042, -0.014, 0.014, 0.042):
        tip = palm + (0.15 - abs(place)) * reach * towards + 1.2 * place * reach * beside
        _stroke(front, palm + place * reach * beside, tip, 0.03 * reach)
    return _soft(front), np.array(_SKINS[rng.integers(len(_SKINS))], float)


def _neighbour(alpha: Share, size: float, rng: np.random.Generator) -> Thing:
    """A shoulder, a bag or a box that overlaps an edge."""
    left, top, width, height = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    axes = size * rng.uniform(0.12, 0.3) * width, size * rng.uniform(0.15, 0.3) * height
    turn = rng.uniform(0, 2 * np.pi)
    centre = left + width * (0.5 + 0.55 * np.cos(turn)), top + height * (0.5 + 0.55 * np.sin(turn))
    front = np.zeros(alpha.shape, np.float32)
    box = cv2.boxPoints((centre, (2 * axes[0], 2 * axes[1]), rng.uniform(-30, 30)))
    cv2.fillPoly(front, [np.rint(box).astype(np.int32)], 1.0)
    rounded = cv2.GaussianBlur(front, (0, 0), max(1.0, min(axes) / 3))
    return np.asarray(np.clip((rounded - 0.45) * 8, 0, 1), np.float32), rng.uniform(40, 200) + rng.uniform(-35, 35, 3)


def _stroke(front: Share, start: Point, end: Point, thickness: float) -> None:
    first, last = (np.rint(16 * point).astype(int).tolist() for point in (start, end))
    cv2.line(front, first, last, 1.0, max(2, round(thickness)), cv2.LINE_8, 4)
