"""What one tab of the browser shows: the query, the trail to it, and the weights that are turned."""

from dataclasses import dataclass, replace
from typing import Self

from triplets.params import Weights
from triplets.tune.queries import Query
from triplets.tune.setting import Setting

_TRAIL = 100  # queries that `back` remembers


@dataclass(frozen=True)
class Question:
    """Is the photo `a` or the photo `b` closer to the photo `query`? Image ids."""

    query: str
    a: str
    b: str


@dataclass(frozen=True)
class Tab:
    """The state of a tab. Nothing of it is shared with another tab.

    `partition` is that of the gallery, and of what an uploaded photo seeks in; `page` is the gallery's, from 0.
    With `own`, the sliders turn the weights of the query's category alone. `beside` names the setting at the side of
    the one that is turned. `questions` are those still to be answered, of the photos of `partition` alone where it is
    so `within`; `seed` draws the next ones. `marked` are pairs of a query and a neighbour that was marked as wrong.
    """

    query: Query
    partition: str
    setting: Setting
    beside: str
    seed: int
    trail: tuple[Query, ...] = ()
    page: int = 0
    own: bool = False
    within: bool = False
    questions: tuple[Question, ...] = ()
    marked: frozenset[tuple[str, str]] = frozenset()

    def asking(self, query: Query) -> Self:
        """Another photo asks."""
        if query == self.query:
            return self
        return replace(self, query=query, trail=(*self.trail, self.query)[-_TRAIL:])

    def back(self) -> Self:
        """The photo asks that asked before; the first one stays."""
        return replace(self, query=self.trail[-1], trail=self.trail[:-1]) if self.trail else self

    def turned(self, weights: Weights, category: str) -> Self:
        """Other weights, of all or of the query's `category`."""
        return replace(self, setting=self.setting.with_weights(weights, category if self.own else None))

    def weights(self, category: str) -> Weights:
        """What the sliders show while a photo of `category` asks."""
        own = self.setting.category_weights.get(category) if self.own else None
        return own or self.setting.weights
