"""What a person does on the page, without the page: each act takes the tab as it is and gives the next one."""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from random import Random

from core.errors import InputError
from core.params import load
from core.similarity import Similarity
from core.tables import DESCRIPTORS
from triplets.params import RecommendParams, Weights
from triplets.tune import look, settings_file
from triplets.tune.asked import Asked
from triplets.tune.look import Column, Gallery
from triplets.tune.opened import Current, Opened
from triplets.tune.queries import Queries, Query
from triplets.tune.setting import Setting
from triplets.tune.tab import Tab

YOURS = "Yours"
ALONE = "{} alone"  # of a descriptor


@dataclass(frozen=True)
class Files:
    """What the page reads and writes beside the tables: parameters, judgements, and the settings that were kept."""

    params: Path
    judgements: Path
    settings: Path


class Tuning:
    """The acts on a project's weights. Threads share it; what differs between tabs is in the `Tab`.

    Every act raises a MildnetError that says what is wrong and what to do; the tab then stays as it was.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self._current = Current()
        self._queries = Queries(files.params)

    def opened(self) -> Opened:
        """The project's tables as they are now."""
        return self._current.now()

    def present(self) -> RecommendParams:
        """What the parameters' file says now."""
        return load(self.files.params, "triplets.recommend", RecommendParams)

    def settings(self) -> dict[str, Setting]:
        """The setting of the parameters' file, and those that were kept, by name."""
        present = {self.files.params.name: Setting.of(self.present())}
        return {**present, **settings_file.read(self.files.settings), **present}

    def check(self) -> None:
        """Read once all that the page reads at first, so that what is wrong is said where the command was given."""
        self.columns(self.start(Random()))

    def keep(self, tab: Tab, name: str) -> Tab:
        """Keep the tab's setting under a name.

        Raises:
            InputError: the name is none, or one that the page itself uses.
        """
        name = name.strip()
        if name in (YOURS, self.files.params.name, *map(ALONE.format, DESCRIPTORS)):
            raise InputError(f"{name} is what the page calls another setting. Choose another name.")
        settings_file.keep(self.files.settings, name, tab.setting)
        return tab

    def kept(self, name: str | None) -> str:
        """The name of a setting that was kept.

        Raises:
            InputError: it is none.
        """
        if name is None or name not in settings_file.read(self.files.settings):
            what = "no setting is chosen" if name is None else f"the setting {name} is no longer kept"
            raise InputError(f"{what}. Choose one of the list.")
        return name

    def start(self, random: Random) -> Tab:
        """A new tab: the first product of the first partition asks, by the weights of the parameters' file."""
        opened = self.opened()
        partition = next(iter(opened.partitions))
        first = str(opened.catalog.image_id[opened.products(partition)[0]])
        seed = random.randrange(2**31)  # of its own, so that two tabs ask different questions
        return Tab(Query(first), partition, Setting.of(self.present()), self.files.params.name, seed)

    def pick(self, tab: Tab, name: str) -> Tab:
        """The photo, or the product, of the id `name` asks; the gallery goes to its partition."""
        opened = self.opened()
        row = opened.find(name if name in opened.row else name.strip())
        return self._showing(tab.asking(Query(str(opened.catalog.image_id[row]))), str(opened.catalog.partition[row]))

    def at_random(self, tab: Tab, random: Random) -> Tab:
        """Another product of the gallery's partition asks."""
        opened = self.opened()
        rows = opened.products(tab.partition)
        return tab.asking(Query(str(opened.catalog.image_id[rows[random.randrange(len(rows))]])))

    def upload(self, tab: Tab, path: Path) -> Tab:
        """The photo file `path` asks, and seeks in the gallery's partition."""
        return tab.asking(self._queries.add(path, self.opened()))

    def back(self, tab: Tab) -> Tab:
        """The photo asks that asked before."""
        tab, opened = tab.back(), self.opened()
        while tab.trail and not tab.query.uploaded and tab.query.name not in opened.row:
            tab = tab.back()
        if tab.query.uploaded:
            return tab
        return self._showing(tab, str(opened.catalog.partition[opened.find(tab.query.name)]))

    def place(self, tab: Tab, partition: str) -> Tab:
        """The gallery shows another partition. Its first product asks; an uploaded photo seeks there instead."""
        opened = self.opened()
        first = Query(str(opened.catalog.image_id[opened.products(partition)[0]]))
        return self._showing(tab if tab.query.uploaded else tab.asking(first), partition)

    def leaf(self, tab: Tab, by: int) -> Tab:
        """The gallery turns `by` pages."""
        return replace(tab, page=self.gallery(replace(tab, page=tab.page + by)).page)

    def turn(self, tab: Tab, weights: dict[str, float]) -> Tab:
        """The sliders are turned.

        Raises:
            InputError: they are all 0.
        """
        if not all(map(isfinite, weights.values())):
            raise InputError(f"a weight is no number. Received: {weights}")
        if not any(weights.values()):
            raise InputError("all weights are 0, so nothing tells photos apart. Raise one of them.")
        return tab.turned(Weights(**weights), self.asked(tab).category)

    def scope(self, tab: Tab, own: bool) -> Tab:
        """The sliders turn the weights of all, or those of the query's category alone."""
        return replace(tab, own=own)

    def drop(self, tab: Tab) -> Tab:
        """The query's category asks by the weights of all again."""
        return replace(tab, setting=tab.setting.without(self.asked(tab).category), own=False)

    def has_own(self, tab: Tab) -> bool:
        """Whether the query's category has weights of its own."""
        return self.asked(tab).category in tab.setting.category_weights

    def put_beside(self, tab: Tab, name: str) -> Tab:
        """The setting `name` stands beside the one that is turned."""
        return replace(tab, beside=name)

    def take(self, tab: Tab, setting: Setting) -> Tab:
        """The sliders show `setting`."""
        return replace(tab, setting=setting, own=False)

    def asked(self, tab: Tab) -> Asked:
        """The tab's query beside the photos of its place."""
        return self._queries.asked(self.opened(), tab.query, tab.partition)

    def query(self, tab: Tab) -> look.Photo | str:
        """The photo that asks, or what the file of an uploaded one was called."""
        if tab.query.uploaded:
            return self._queries.upload(tab.query).name
        opened = self.opened()
        return look.Photo.of(opened, opened.find(tab.query.name))

    def queries(self) -> Queries:
        """The photos that ask."""
        return self._queries

    def similarities(self, tab: Tab) -> tuple[Similarity, Similarity]:
        """The distances by the tab's setting and by the one beside it."""
        settings, scales = self.settings(), self.opened().similarity.scales
        if tab.beside not in settings:
            raise InputError(f"the setting {tab.beside} is no longer kept. Choose another to stand beside yours.")
        return tab.setting.similarity(scales), settings[tab.beside].similarity(scales)

    def columns(self, tab: Tab) -> list[Column]:
        """The nearest under the tab's setting, and under the one beside it."""
        yours, beside = self.similarities(tab)
        return look.columns(self.opened(), self.asked(tab), (YOURS, yours), (tab.beside, beside))

    def gallery(self, tab: Tab) -> Gallery:
        """The products to pick from."""
        return look.gallery(self.opened(), tab.partition, tab.page)

    def sliders(self, tab: Tab) -> dict[str, float]:
        """What the sliders show, from 0 to 1: the weights as they are where they fit, else brought to a sum of 1."""
        weights = asdict(tab.weights(self.asked(tab).category))
        most = sum(weights.values()) if max(weights.values()) > 1 else 1
        return {name: weights[name] / most for name in DESCRIPTORS}

    def _showing(self, tab: Tab, partition: str) -> Tab:
        return tab if tab.partition == partition else replace(tab, partition=partition, page=0)
