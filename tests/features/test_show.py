from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from core.color_params import ColorParams, MaskParams
from core.errors import InputError, TableError
from core.foreground import Foreground
from core.similarity import prepare
from core.tables import Catalog, Vectors
from features import lab_panels
from features.captions import fitted, shortened
from features.nearest import nearest_by
from features.show import Shown, draw, figure

RED, GREEN, BLUE = (200, 30, 30), (30, 150, 60), (40, 60, 190)
DPI = 110


def flat(height: int, width: int, color: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def shown(**changes) -> Shown:
    """A portrait photo, red above and blue below, whose mask is the upper half."""
    pixels = np.concatenate([flat(60, 90, RED), flat(60, 90, BLUE)])
    mask = np.zeros((120, 90), bool)
    mask[:60] = True
    rng = np.random.default_rng(1)
    one = Shown(
        image_id="p00467-2.jpg",
        caption="catalog, women/dresses, test, product p00467",
        pixels=pixels,
        foreground=Foreground(mask, 0.875),
        histogram=rng.random(3 * 20).astype(np.float32),
        color=ColorParams("marginal", 20, 8, 0.0, 1.0, MaskParams(0.3, 0.4)),
        top={"structure": [("dresses", 0.75), ("skirts", 0.25)], "pattern": [("striped", 1.0)]},
        neighbors={
            "structure": [(flat(80, 60, GREEN), "0.123\np00001"), (flat(60, 80, BLUE), "0.456\np00002")],
            "pattern": [(flat(64, 64, RED), "0.789\np00003")],
            "color": [],
        },
    )
    return replace(one, **changes)


def written(tmp_path, of: Shown) -> np.ndarray:
    figure(tmp_path / "shown.png", of)
    return cv2.cvtColor(cv2.imread(str(tmp_path / "shown.png")), cv2.COLOR_BGR2RGB)


def words(drawn: Figure) -> list[str]:
    return [text.get_text() for text in drawn.axes[0].texts if text.get_text()]


def at(png: np.ndarray, x: float, y: float) -> list[int]:
    """The colour so many inches from the left and from the top."""
    return png[round(y * DPI), round(x * DPI)].tolist()


@pytest.mark.parametrize("histogram", ["marginal", "joint"])
def test_the_same_gives_the_same_bytes(tmp_path, histogram):
    color = replace(shown().color, histogram=histogram)
    values = np.random.default_rng(2).random(60 if histogram == "marginal" else 84).astype(np.float32)
    one = shown(color=color, histogram=values)
    png = written(tmp_path, one)
    before = (tmp_path / "shown.png").read_bytes()
    figure(tmp_path / "shown.png", one)
    assert (tmp_path / "shown.png").read_bytes() == before
    assert png.shape[1] == 12 * DPI


def test_photo_mask_and_neighbours_stand_where_they_belong(tmp_path):
    png = written(tmp_path, shown())
    # The photo's square is 2.7 inches, from 0.3 and 1.1 on; the mask's stands 2.85 to its right.
    assert at(png, 1.65, 1.6) == list(RED)
    assert at(png, 1.65, 3.3) == list(BLUE)
    assert at(png, 0.4, 2.5) == [255, 255, 255]  # beside a portrait photo
    assert at(png, 4.5, 1.6) == list(RED)
    assert at(png, 4.5, 3.3) == [255 - (255 - value) // 4 for value in BLUE]
    # Six columns share 11.4 inches; the first strip begins at 4.2, its photos a quarter of an inch below.
    assert at(png, 0.3 + 0.9, 4.45 + 0.9) == list(GREEN)
    assert at(png, 0.3 + 1.9 + 0.9, 4.45 + 0.9) == list(BLUE)
    assert at(png, 0.3 + 0.9, 4.5) == list(GREEN)  # portrait: as high as the square
    assert at(png, 0.3 + 1.9 + 0.9, 4.5) == [255, 255, 255]  # landscape: not


def test_what_is_written_beside_the_photos():
    assert words(draw(shown())) == [
        "p00467-2.jpg",
        "catalog, women/dresses, test, product p00467",
        "photo, 90 x 120",
        "mask, 50% of the photo, confidence 0.88",
        "marginal LAB histogram",
        "structure class",
        "dresses",
        "0.75",
        "skirts",
        "0.25",
        "pattern class",
        "striped",
        "1.00",
        "nearest by structure",
        "0.123",
        "p00001",
        "0.456",
        "p00002",
        "nearest by pattern",
        "0.789",
        "p00003",
        "nearest by color",
        "no photo of another product in the partition",
    ]


def test_a_mask_that_is_not_trusted_fades_nothing(tmp_path):
    one = shown(foreground=Foreground(np.ones((120, 90), bool), 0.1))
    assert "the whole photo counts, confidence 0.10" in words(draw(one))
    assert at(written(tmp_path, one), 4.5, 3.3) == list(BLUE)


def test_an_empty_mask_fades_everything(tmp_path):
    png = written(tmp_path, shown(foreground=Foreground(np.zeros((120, 90), bool), 0.0)))
    assert at(png, 4.5, 1.6) == [255 - (255 - value) // 4 for value in RED]


def test_a_photo_without_classes_or_neighbours_is_still_shown():
    drawn = draw(shown(top={}, neighbors={}))
    assert drawn.get_figheight() == pytest.approx(4.2)
    assert words(drawn)[-1] == "marginal LAB histogram"


@pytest.mark.parametrize(("count", "histogram"), [(1, "marginal"), (8, "marginal"), (6, "joint")])
def test_no_texts_overlap_or_leave_the_figure(count, histogram):
    long = "WWWW an id $of$ the kind that\nnobody reads " * 20
    photos = [(flat(50, 90, GREEN), f"0.123\n{long.replace(chr(10), ' ')}\n{'W' * 60}")] * count
    one = shown(
        image_id=long,
        caption=long,
        color=replace(shown().color, histogram=histogram),
        histogram=np.ones(60 if histogram == "marginal" else 84, np.float32),
        top={name: [(f"{'M' * 40} {place}", 1.0) for place in range(9)] for name in ("structure", "pattern")},
        neighbors=dict.fromkeys(("structure", "pattern", "color"), photos),
    )
    drawn = draw(one)
    drawn.draw_without_rendering()
    # A text that is not drawn has a box of side 1.
    boxes = [box for text in drawn.findobj(Text) if (box := text.get_window_extent()).width > 1]
    assert len(boxes) > 20
    for box in boxes:
        assert min(box.x0, box.y0, drawn.bbox.x1 - box.x1, drawn.bbox.y1 - box.y1) >= 0
    assert not [(one, other) for one, other in combinations(boxes, 2) if one.overlaps(other)]


@pytest.mark.parametrize("color", [RED, GREEN, BLUE])
def test_the_plane_shows_a_colour_where_it_lies(color):
    _, a, b = cv2.cvtColor(np.array([[color]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    counts = np.histogram2d([a], [b], 32, ((-127, 127), (-127, 127)))[0].astype(np.float32)
    axes = Figure().add_subplot()
    lab_panels.plane(axes, counts)
    pixels = axes.images[0].get_array()
    row, column = np.argwhere((pixels < 0.999).any(axis=2))[0]
    left, right, bottom, top = axes.images[0].get_extent()
    assert left + (column + 0.5) * (right - left) / 32 == pytest.approx(a, abs=4)
    assert bottom + (row + 0.5) * (top - bottom) / 32 == pytest.approx(b, abs=4)
    assert int(np.argmax(pixels[row, column])) == int(np.argmax(color))
    assert axes.images[0].origin == "lower"


def test_a_channel_shows_its_counts_over_its_colours():
    ends = []
    for number in range(3):
        counts = np.random.default_rng(number).random(20).astype(np.float32)
        axes = Figure().add_subplot()
        lab_panels.channel(axes, counts, number)
        line = [patch for patch in axes.patches if isinstance(patch, StepPatch)][-1].get_data()
        np.testing.assert_array_equal(line.values, counts)
        low, high = (0, 100) if number == 0 else (-127, 127)
        np.testing.assert_allclose(line.edges, np.linspace(low, high, 21))
        pixels = axes.images[0].get_array()[0]
        ends.append((pixels[0], pixels[-1]))
    assert ends[0][0].max() < 0.05  # black to white
    assert ends[0][1].min() > 0.95
    assert ends[1][0][1] > ends[1][0][0]  # green to red
    assert ends[1][1][0] > ends[1][1][1]
    assert ends[2][0][2] > ends[2][0][0]  # blue to yellow
    assert ends[2][1][0] > ends[2][1][2]


def test_an_empty_histogram_can_be_drawn():
    axes = Figure().add_subplot()
    lab_panels.channel(axes, np.zeros(20, np.float32), 0)
    lab_panels.plane(axes, np.zeros((8, 8), np.float32))


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("dresses", 7, "dresses"),
        ("dresses", 6, "dre…es"),
        ("a\n b\tc", 9, "a b c"),
        ("abcdef", 2, "a…"),
        ("abcdef", 3, "a…f"),
    ],
)
def test_the_middle_of_a_long_text_goes(text, most, short):
    assert shortened(text, most) == short


def test_a_text_is_shortened_no_more_than_its_room_asks():
    assert fitted("p00467", 2.0, 8) == "p00467"
    wide, narrow = fitted("W" * 60, 1.0, 8), fitted("i" * 60, 1.0, 8)
    assert 5 < len(wide) < 15 < len(narrow)
    assert len(fitted("W" * 60, 1.0, 8, "bold")) < len(wide)
    assert fitted("dresses", 0.01, 8) == "…"
    assert fitted("", 1.0, 8) == ""


def catalog(photos: int = 60) -> tuple[Catalog, np.ndarray]:
    """Two partitions; products of two photos, and copies across products."""
    rows = []
    for number in range(photos):
        rows.append(
            {
                "image_id": f"p{number // 2:03}-{number % 2}.jpg",
                "product_id": f"p{number // 2:03}",
                "domain": "catalog",
                "gender": "women",
                "category": ("bags", "hats")[number // 2 % 2],
                "partition": ("women/bags", "women/hats")[number // 2 % 2],
                "pattern": None,
                "split": "train",
                "duplicate_group": f"copy of {number % 23}",
                "content_hash": str(number),
                "width": 48,
                "height": 48,
                "path": f"{number}.png",
                "attributes": {},
            }
        )
    return Catalog.from_rows(rows), np.random.default_rng(5).random((photos, 12)).astype(np.float32)


@pytest.mark.parametrize("descriptor", ["structure", "color"])
def test_the_nearest_agree_with_plain_loops(descriptor):
    photos, values = catalog()
    vectors = Vectors(photos.image_id[::-1], values[::-1], {})
    prepared = prepare(descriptor, values)
    for query in range(0, 60, 7):
        expected = []
        for other in range(60):
            if (
                photos.partition[other] == photos.partition[query]
                and photos.product_id[other] != photos.product_id[query]
                and photos.duplicate_group[other] != photos.duplicate_group[query]
            ):
                expected.append((float(np.linalg.norm(prepared[other] - prepared[query])), photos.image_id[other]))
        expected = sorted(expected)[:7]
        found = nearest_by(descriptor, vectors, photos, photos.image_id[query], 7)
        assert [image_id for image_id, _ in found] == [image_id for _, image_id in expected]
        np.testing.assert_allclose([apart for _, apart in found], [apart for apart, _ in expected], atol=1e-5)


def test_a_small_partition_gives_fewer_and_a_lone_photo_none():
    photos, values = catalog(8)
    vectors = Vectors(photos.image_id, values, {})
    assert len(nearest_by("structure", vectors, photos, "p000-0.jpg", 7)) == 2
    assert nearest_by("structure", vectors, photos.take(np.arange(1)), "p000-0.jpg", 7) == []


@pytest.mark.parametrize(
    ("image_id", "names"),
    [
        ("p003", "like p003-0.jpg, p003-1.jpg"),  # a product
        ("p003-0", "like p003-0.jpg"),
        ("29-", "like p029-0.jpg, p029-1.jpg"),
        ("P003-0.jpg", "like p003-0.jpg, p023-0.jpg, p020-0.jpg"),
        ("nothing", "an image_id of data/curated/catalog/catalog.parquet"),
        ("", "an image_id of data/curated/catalog/catalog.parquet"),
    ],
)
def test_an_unknown_photo_is_told_with_those_that_may_be_meant(image_id, names):
    photos, values = catalog()
    with pytest.raises(InputError) as caught:
        nearest_by("structure", Vectors(photos.image_id, values, {}), photos, image_id, 7)
    assert str(caught.value) == f"no photo is called {image_id} among 60. Name one {names}."


def test_a_photo_without_a_vector_is_told():
    photos, values = catalog()
    with pytest.raises(TableError, match=r"no vector for the image p028-0\.jpg\. Run dvc repro\."):
        nearest_by("structure", Vectors(photos.image_id[:56], values[:56], {}), photos, "p000-0.jpg", 7)
