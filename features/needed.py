"""What of the feature cache the present project needs: the rest may be forgotten."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core import models
from core.classifiers import trunk
from core.color_params import ColorParams
from core.images import PixelStore
from core.paths import MODEL
from core.tables import Column
from features import color_table, pooled
from features.cache import photo_key


def makers(classifiers: Mapping[str, Path], params: ColorParams) -> set[str]:
    """What the networks of the fitted classifiers and the colour parameters are known by."""
    needed = {color_table.fingerprint(params)}
    trunks = {folder: pooled.part(models.load(folder / MODEL)) for folder in classifiers.values() if folder.is_dir()}
    needed |= {pooled.maker(network, trunk(folder).view) for folder, network in trunks.items()}
    return needed | {trunk(folder).untuned for folder in trunks}


def photos(stores: Sequence[Path], image_id: Column) -> set[bytes]:
    """What the photos are known by."""
    store = PixelStore.open(*stores)
    return {photo_key(store.encoded(image)) for image in image_id}
