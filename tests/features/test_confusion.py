from itertools import combinations

import cv2
import numpy as np
import pytest
from matplotlib.text import Text

from features.confusion import draw, figure


def counted(classes: int, photos: int = 600) -> np.ndarray:
    rng = np.random.default_rng(classes)
    true = rng.integers(0, classes, photos)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (true, np.where(rng.random(photos) < 0.8, true, rng.integers(0, classes, photos))), 1)
    return counts


def named(classes: int) -> tuple[str, ...]:
    return tuple(f"outdoor jackets and parkas {number}" if number % 3 else f"${number}" for number in range(classes))


def boxes(drawn) -> list:
    """Where each text stands, in pixels; a text that is not drawn has a box of side 1."""
    drawn.draw_without_rendering()
    return [box for text in drawn.findobj(Text) if (box := text.get_window_extent()).width > 1]


@pytest.mark.parametrize(("classes", "size"), [(2, (484, 594)), (20, (1100, 1210))])
def test_the_same_counts_give_the_same_bytes(tmp_path, classes, size):
    for name in ("first.png", "second.png"):
        figure(tmp_path / name, counted(classes), named(classes), "structure, test")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert cv2.imread(str(tmp_path / "first.png")).shape == (*size, 3)


def test_the_title_says_what_was_judged():
    counts = np.array([[900, 100], [50, 450]])
    drawn = draw(counts, ("bags", "hats"), "structure, test")
    assert drawn.get_suptitle() == "structure, test: 1,500 photos, accuracy 0.900"
    assert draw(0 * counts, ("bags", "hats"), "structure, val").get_suptitle() == "structure, val: 0 photos"


def test_cells_hold_counts_and_the_share_of_their_row():
    counts = np.array([[900, 100, 0], [50, 450, 0], [0, 0, 0]])
    axes = draw(counts, ("bags", "hats", "rest"), "structure, test").axes[0]
    cells = {text.get_position()[::-1]: text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "900", (0, 1): "100", (1, 0): "50", (1, 1): "450"}
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.9, 0.1, 0], [0.1, 0.9, 0], [0, 0, 0]])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["bags (1,000)", "hats (500)", "rest (0)"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["bags", "hats", "rest"]


def test_cells_are_counted_as_long_as_they_have_room():
    assert len(draw(np.ones((25, 25), np.int64), named(25), "").axes[0].texts) == 625
    assert len(draw(np.ones((26, 26), np.int64), named(26), "").axes[0].texts) == 0


@pytest.mark.parametrize("classes", [2, 25, 60])
def test_no_texts_overlap_or_leave_the_figure(classes):
    drawn = draw(counted(classes), named(classes), "structure, test")
    found = boxes(drawn)
    assert len(found) > 2 * classes
    for box in found:
        # The layout is not exact to the pixel.
        assert min(box.x0, box.y0, drawn.bbox.x1 - box.x1, drawn.bbox.y1 - box.y1) > -2
    assert not [(one, other) for one, other in combinations(found, 2) if one.overlaps(other)]


def test_long_names_are_shortened_and_dollars_are_no_formula():
    labels = [text.get_text() for text in draw(counted(3), named(3), "").axes[0].get_xticklabels()]
    assert labels == ["$0", "outdoor jack…nd parkas 1", "outdoor jack…nd parkas 2"]


def test_letters_that_the_font_lacks_are_no_warning(tmp_path):
    # Warnings are errors in these tests.
    figure(tmp_path / "confusion.png", np.array([[3, 1], [0, 2]]), ("裙子", "red 👗"), "structure, test")
    assert cv2.imread(str(tmp_path / "confusion.png")).shape[1] > 300
