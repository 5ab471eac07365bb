"""Rendered fabric of known pattern and colour: what the sample wears, and what a classifier learns without labels."""

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels
from core.kinds import KINDS
from core.layers import Drawing
from core.motifs import LAYERS

RGB = tuple[int, int, int]
Cloth = npt.NDArray[np.float32]

PATTERNS = tuple(LAYERS)
COLORS: dict[str, RGB] = {
    "black": (30, 30, 32),
    "white": (244, 243, 238),
    "grey": (138, 140, 143),
    "red": (198, 32, 42),
    "pink": (243, 152, 184),
    "orange": (240, 124, 28),
    "yellow": (247, 210, 52),
    "green": (44, 138, 70),
    "blue": (66, 128, 214),
    "navy": (26, 36, 92),
    "purple": (124, 58, 156),
    "brown": (118, 74, 42),
}
_CONTRAST = 42.0  # least LAB distance of ink and ground
_OVERSAMPLING = 2
_SWATCH_SCALES = (0.7, 1.5)


def lab(rgb: RGB) -> npt.NDArray[np.float32]:
    """CIE LAB of one sRGB colour: float32 (3,), L in 0..100."""
    pixel = np.array([[rgb]], np.float32) / 255
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0], np.float32)


def vary(rgb: RGB, spread: float, rng: np.random.Generator) -> RGB:
    """A shade of `rgb`, each LAB coordinate moved by at most `spread`."""
    moved = lab(rgb) + rng.uniform(-spread, spread, 3).astype(np.float32)
    back = cv2.cvtColor(moved[None, None], cv2.COLOR_LAB2RGB)[0, 0]
    red, green, blue = (int(value) for value in np.clip(np.rint(back * 255), 0, 255))
    return red, green, blue


def ink_on(ground: RGB, rng: np.random.Generator) -> RGB:
    """A named colour that stands out from `ground`; white and black come up more often, as on real fabric."""
    names = [name for name, rgb in COLORS.items() if np.linalg.norm(lab(rgb) - lab(ground)) >= _CONTRAST]
    chances = np.array([3.0 if name in ("white", "black") else 1.0 for name in names])
    return COLORS[names[rng.choice(len(names), p=chances / chances.sum())]]


def render(pattern: str, ground_rgb: RGB, ink_rgb: RGB, size: int, rng: np.random.Generator) -> Pixels:
    """Fabric with its folds and light: RGB uint8 (size, size, 3), most of it near `ground_rgb`.

    `pattern` is one of `PATTERNS`; scale, direction and kind inside it are drawn from `rng`.

    Raises:
        ValueError: an unknown pattern.
    """
    if pattern not in LAYERS:
        raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}. Received: {pattern!r}")
    return _folded(_flat(pattern, LAYERS[pattern], (ground_rgb, ink_rgb), size, rng, 1.0), rng)


def fabric(pattern: str, size: int, rng: np.random.Generator, scale: float) -> Cloth:
    """Fabric of any kind, in colours of its own choice, flat in even light: float32 RGB (size, size, 3) in 0..255.

    Args:
        pattern: one of `PATTERNS`.
        scale: multiplies the sizes of what is on the fabric.
    """
    kinds = KINDS[pattern]
    return _flat(pattern, kinds[rng.integers(len(kinds))], _colours(rng), size, rng, scale)


def swatch(pattern: str, size: int, rng: np.random.Generator) -> Pixels:
    """`fabric` with folds and light: RGB uint8 (size, size, 3)."""
    return _folded(fabric(pattern, size, rng, float(np.exp(rng.uniform(*np.log(_SWATCH_SCALES))))), rng)


def _flat(
    pattern: str, draw: Drawing, colours: tuple[RGB, RGB], size: int, rng: np.random.Generator, scale: float
) -> Cloth:
    side = size * _OVERSAMPLING
    ground, ink = (np.array(rgb, np.float32) for rgb in colours)
    accent = np.array(_accent(pattern, *colours, rng), np.float32)
    if pattern == "melange":
        ink = 0.4 * ground + 0.6 * ink  # yarns of one family
    cloth = np.tile(ground, (side, side, 1))
    ink_layer, accent_layer = draw(side, rng, scale)
    for layer, colour in ((accent_layer, accent), (ink_layer, ink)):
        cloth += layer[..., None] * (colour - cloth)
    return np.asarray(cv2.resize(cloth, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def _folded(cloth: Cloth, rng: np.random.Generator) -> Pixels:
    """Flat fabric, which is overwritten, with folds, light and texture."""
    size = len(cloth)
    cloth *= _folds(size, rng)[..., None]
    cloth += rng.normal(0, 1.6, (size, size, 1)).astype(np.float32)  # a very faint texture
    soft = cv2.GaussianBlur(cloth, (0, 0), rng.uniform(0.1, 0.5) * size / 128)
    return np.clip(np.rint(soft), 0, 255).astype(np.uint8)


def _colours(rng: np.random.Generator) -> tuple[RGB, RGB]:
    """A ground, a shade of any named colour, every second one paled towards grey, and an ink that stands out."""
    names = sorted(COLORS)
    ground = vary(COLORS[names[rng.integers(len(names))]], 12.0, rng)
    if rng.random() < 0.5:
        grey, share = round(float(np.mean(ground))), rng.uniform(0.2, 0.7)
        red, green, blue = (round(channel + share * (grey - channel)) for channel in ground)
        ground = red, green, blue
    return ground, vary(ink_on(ground, rng), 8.0, rng)


def _accent(pattern: str, ground: RGB, ink: RGB, rng: np.random.Generator) -> RGB:
    """The second colour: leaves are mostly green, stripes and checks take any further colour, yarns a light one."""
    if pattern == "floral" and np.linalg.norm(lab(ground) - lab(COLORS["green"])) > _CONTRAST and rng.random() < 0.7:
        return vary(COLORS["green"], 10.0, rng)
    if pattern == "melange":
        return COLORS["white"] if lab(ground)[0] < 60 else COLORS["grey"]
    return ink if rng.random() < 0.4 else ink_on(ground, rng)


def _folds(size: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Light on a few soft folds: factors around 1, (size, size)."""
    coarse = rng.normal(0, 0.035, (4, 4)).astype(np.float32)
    turn = rng.uniform(0, np.pi)
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    across = x * np.cos(turn) + y * np.sin(turn)
    wave = np.sin(2 * np.pi * (across * rng.uniform(0.6, 1.6) + rng.random())) * rng.uniform(0, 0.03)
    return 1 + wave.astype(np.float32) + cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
