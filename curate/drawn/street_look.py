"""What a street does to the photo of a garment: a view askew, shadows, uneven light, a cheap camera."""

import cv2
import numpy as np
import numpy.typing as npt

from core.decoding import decode
from core.images import Pixels, encode
from curate.drawn.backgrounds import Scene, Size
from curate.drawn.drawing import Layer

Share = npt.NDArray[np.float32]  # (h, w), 0..1


def seen_askew(garment: Layer, size: Size, rng: np.random.Generator) -> Layer:
    """The garment, which fills its layer, on an empty one of `size`: turned, tilted, off-centre, most of it inside."""
    height, width = garment.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn, tilt = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(0.05, 0.15)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    seen = corners @ rotation.T + rng.uniform(-tilt, tilt, (4, 2)) * [width, height] / 2
    frame = np.array([size[1], size[0]])
    fill = rng.uniform(0.6, 0.95)
    seen *= fill * (frame / np.ptp(seen, axis=0)).min()
    room = np.maximum(frame - np.ptp(seen, axis=0), 0) / 2 + 0.03 * frame
    seen += frame / 2 + rng.uniform(-1, 1, 2) * room - (seen.min(axis=0) + seen.max(axis=0)) / 2
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    shrinks = np.ptp(seen, axis=0).max() < 0.6 * max(height, width)
    source = cv2.GaussianBlur(garment, (0, 0), 0.7) if shrinks else garment  # or it would alias
    return np.asarray(cv2.warpPerspective(source, matrix, (size[1], size[0])), np.float32)


def with_shadows(scene: Scene, alpha: Share, rng: np.random.Generator) -> Scene:
    """The scene where a thing of `alpha` throws a long soft shadow to one side, and a close one where it touches."""
    height, width = alpha.shape
    side, down = rng.uniform(-0.14, 0.14) * width, rng.uniform(0.01, 0.1) * height
    for dx, dy, soft, dark in ((side, down, 0.035, rng.uniform(0.1, 0.35)), (0, 2, 0.012, rng.uniform(0.25, 0.5))):
        shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        shadow = cv2.GaussianBlur(cv2.warpAffine(alpha, shift, (width, height)), (0, 0), soft * max(height, width))
        scene = scene * (1 - dark * shadow[..., None])
    return scene


def photographed(scene: Scene, rng: np.random.Generator) -> Pixels:
    """The scene in daylight or lamplight, through a cheap lens, as a JPEG: RGB uint8 of the scene's size."""
    height, width = scene.shape[:2]
    photo = scene * _light((height, width), rng)
    photo *= 1 + rng.uniform(-0.09, 0.09) * np.array([1, 0.1, -1], np.float32) + rng.uniform(-0.03, 0.03, 3)
    photo = 255 * np.clip(photo / 255, 0, 1) ** rng.uniform(0.85, 1.2)
    photo = _unsharp((height, width), photo.astype(np.float32), rng)
    photo += rng.uniform(1, 5) * rng.standard_normal(photo.shape, np.float32)
    pixels = np.clip(np.rint(photo), 0, 255).astype(np.uint8)
    return decode(encode(pixels, int(rng.integers(40, 81))), max_pixels=height * width).pixels


def _light(size: Size, rng: np.random.Generator) -> Scene:
    """Factors around 1, (h, w, 1): a vignette, and the edge of a shade across the scene."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) / max(size)
    turn = rng.uniform(0, 2 * np.pi)
    across = (x - rng.uniform(0.2, 0.6)) * np.cos(turn) + (y - rng.uniform(0.3, 0.7)) * np.sin(turn)
    shade = 1 - rng.uniform(0.0, 0.25) / (1 + np.exp(-across * rng.uniform(4, 30)))
    vignette = 1 - rng.uniform(0.0, 0.35) * ((x - x.mean()) ** 2 + (y - y.mean()) ** 2) * 2
    return np.asarray(rng.uniform(0.92, 1.15) * shade * vignette, np.float32)[..., None]


def _unsharp(size: Size, photo: Scene, rng: np.random.Generator) -> Scene:
    """Out of focus, or moved while the shutter was open."""
    pixel = max(size) / 160
    if rng.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.3, 1.1) * pixel), np.float32)
    reach = 2 * round(2 * pixel) + 1
    kernel = np.zeros((reach, reach), np.float32)
    turn, length = rng.uniform(0, np.pi), rng.uniform(0.6, 2.0) * pixel
    middle = np.array([reach // 2, reach // 2])
    step = length * np.array([np.cos(turn), np.sin(turn)])
    ends = np.rint(16 * np.stack([middle - step, middle + step])).astype(int)
    cv2.line(kernel, ends[0].tolist(), ends[1].tolist(), 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.filter2D(photo, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)
