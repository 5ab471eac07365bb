"""The triplets that a tab's weights would mine around its query."""

from dataclasses import dataclass

from core.errors import InputError
from core.params import load
from core.paths import FEATURES
from triplets.params import MineParams
from triplets.tune.preview import Previewed, preview
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning

_OTHERS = 6


@dataclass(frozen=True)
class Around:
    """Triplets of the query, `why` it has none of a kind, and some of other photos of its partition and split."""

    own: list[Previewed]
    why: str
    others: list[Previewed]


def previewed(tuning: Tuning, tab: Tab) -> Around:
    """What `triplets mine` would write.

    Raises:
        InputError: the query was uploaded, or stands in no split.
    """
    if tab.query.uploaded:
        raise InputError("an uploaded photo is in no split, so nothing is mined for it. Ask by a photo of the catalog.")
    opened = tuning.opened()
    name = tab.query.name
    params = load(tuning.files.params, "triplets.mine", MineParams)
    of = preview(opened.catalog, FEATURES, tab.setting.similarity(opened.similarity.scales), params, opened.find(name))
    own = of.of(name)
    others = [one for one in of.some(_OTHERS + len(own), params.seed) if one.query != name]
    return Around(own, of.why(name), others[:_OTHERS])
