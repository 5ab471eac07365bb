"""The table of all settings: each one's agreement with attributes and judgements, the descriptors alone beside."""

from collections.abc import Callable

from core.paths import FEATURES
from core.tables import DESCRIPTORS
from triplets.judged.judgements import Judgements
from triplets.params import Weights
from triplets.tune.compared import Compared, compare
from triplets.tune.look import NEAREST
from triplets.tune.setting import Setting
from triplets.tune.tab import Tab
from triplets.tune.tuning import ALONE, YOURS, Tuning

_QUERIES = 500
_SEED = 1


def compared(tuning: Tuning, tab: Tab, progress: Callable[[int, int], None]) -> list[Compared]:
    """The tab's setting, that of the parameters' file, those that were kept, and each descriptor alone.

    Raises:
        InputError: the file of judgements or of settings holds something else.
    """
    opened = tuning.opened()
    alone = {name: Setting(Weights(**{one: float(one == name) for one in DESCRIPTORS}), {}) for name in DESCRIPTORS}
    settings = {YOURS: tab.setting, **tuning.settings(), **{ALONE.format(name): one for name, one in alone.items()}}
    path = tuning.files.judgements
    judgements = Judgements.read(path, opened.catalog) if path.exists() and path.stat().st_size else None
    return compare(
        opened.catalog,
        FEATURES,
        {name: one.similarity(opened.similarity.scales) for name, one in settings.items()},
        judgements if judgements is not None and len(judgements) else None,
        queries=_QUERIES,
        neighbors=NEAREST,
        seed=_SEED,
        progress=progress,
    )
