import numpy as np
import pytest

from core.views import cut_out, square_about


def on_ground(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """A dark red block on a light ground; `box` is top, bottom, left, right."""
    pixels = np.full((height, width, 3), (236, 233, 228), np.uint8)
    top, bottom, left, right = box
    pixels[top:bottom, left:right] = (150, 30, 40)
    return pixels


@pytest.mark.parametrize(
    ("box", "shape"),
    [((40, 120, 60, 100), (200, 160)), ((20, 60, 10, 150), (200, 160)), ((100, 140, 100, 150), (150, 300))],
)
def test_the_square_holds_the_garment_and_little_else(box, shape):
    seen = cut_out(on_ground(*shape, box))
    top, bottom, left, right = box
    wanted = max(bottom - top, right - left)
    # The garment is sought at 96 pixels: two of those at each side may come with it.
    assert wanted <= max(seen.shape[:2]) <= 1.04 * wanted + 6 * max(shape) / 96
    red = (seen[..., 0] > 100) & (seen[..., 1] < 100)
    assert red.sum() == pytest.approx((bottom - top) * (right - left), rel=0.001)


@pytest.mark.parametrize("pixels", [np.full((90, 70, 3), 255, np.uint8), on_ground(90, 70, (0, 90, 0, 70))])
def test_where_nothing_stands_apart_the_whole_photo_is_seen(pixels):
    assert np.array_equal(cut_out(pixels), pixels)


def test_a_busy_photo_never_raises_and_never_is_empty():
    rng = np.random.default_rng(1)
    for _ in range(50):
        height, width = rng.integers(1, 80, 2)
        noise = rng.integers(0, 256, (height, width, 3), np.uint8)
        assert min(cut_out(noise).shape[:2]) >= 1


def test_the_square_stops_at_the_photo_s_border():
    mask = np.zeros((50, 40), bool)
    mask[45:50, 2:30] = True
    top, bottom, left, right = square_about(mask)
    assert (bottom, left) == (50, 1)
    assert right - left == 30
    assert bottom - top == pytest.approx(17, abs=1)  # as wide as the garment, where the photo goes on
