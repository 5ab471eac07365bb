import cv2
import numpy as np

from core.images import PixelStore, encode, squared, write_store
from core.views import cut_out
from features.catalog_photos import CatalogPhotos


def test_both_views_of_a_store(tmp_path):
    pixels = np.full((100, 80, 3), (236, 233, 228), np.uint8)
    pixels[40:70, 20:50] = 150, 30, 40
    write_store(tmp_path / "images.arrow", [("a", encode(pixels, None)), ("b", encode(pixels[::-1], None))])
    store = PixelStore.open(tmp_path / "images.arrow")
    ids = np.array(["a", "b"], object)
    whole, garment = (CatalogPhotos(store, ids, view) for view in ("whole", "garment"))
    np.testing.assert_array_equal(whole.load(np.array([1, 0]), 32)[1], squared(pixels, 32))
    np.testing.assert_array_equal(garment.load(np.array([0]), 32)[0], squared(cut_out(pixels), 32))
    assert garment.take(np.array([1])).keys() == whole.keys()[1:]
    assert whole.keys()[0] != whole.keys()[1]
    assert cv2.absdiff(garment.load(np.array([0]), 32), whole.load(np.array([0]), 32)).mean() > 10
