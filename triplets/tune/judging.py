"""What a person judges on the page: pairs on which two settings disagree, and neighbours that are wrong."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.candidates import Labels
from core.errors import InputError, MildnetError
from core.page import plural
from core.paths import FEATURES
from triplets.judged.asking import Pairs, pairs_to_judge
from triplets.judged.judgements import Judgement, Judgements, append
from triplets.judged.options import Options
from triplets.tune.disputed import disputed
from triplets.tune.marks import wrong
from triplets.tune.proposal import Proposal, propose
from triplets.tune.tab import Question, Tab
from triplets.tune.tuning import Tuning

_AT_ONCE = 10  # questions that are drawn together


class Judging:
    """The acts that add to the file of judgements, each on disk before the next tab is given."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._path = tuning.files.judgements

    def ask(self, tab: Tab, within: bool) -> Tab:
        """New questions: pairs that the tab's setting and the one beside it order differently.

        Where there is none, the pairs that tell most about any weights; `within` limits them to the tab's partition.

        Raises:
            InputError: there are no two photos to ask about.
        """
        opened, tab = self._tuning.opened(), replace(tab, within=within, seed=tab.seed + 1)
        one, other = self._tuning.similarities(tab)
        partition = tab.partition if within else None
        drawn = disputed(opened.catalog, FEATURES, one, other, _AT_ONCE, tab.seed, partition)
        if not len(drawn.query):
            drawn = self._any(tab)
        if not len(drawn.query):
            place = tab.partition if within else "the catalog"
            raise InputError(f"{place} has no three products in one partition to ask about. Choose another partition.")
        ids = (opened.catalog.image_id[rows] for rows in (drawn.query, drawn.a, drawn.b))
        return replace(tab, questions=tuple(Question(*map(str, three)) for three in zip(*ids, strict=True)))

    def _any(self, tab: Tab) -> Pairs:
        opened = self._tuning.opened()
        rows = opened.partitions[tab.partition] if tab.within else np.arange(len(opened.catalog))
        chosen = pairs_to_judge(opened.catalog.take(rows), FEATURES, opened.similarity, _AT_ONCE, tab.seed)
        return Pairs(rows[chosen.query], rows[chosen.a], rows[chosen.b])

    def answer(self, tab: Tab, question: Question | None, closer: str | None, who: str | None) -> Tab:
        """`closer`, a or b, is the answer to the `question` that was shown; None passes over it. The next one is asked.

        An answer to another question than the tab's first is a second one to a pair, and is left aside.

        Raises:
            InputError: nothing is asked, or the file of judgements holds something else.
        """
        if not tab.questions:
            raise InputError("no pair is asked about. Press Ask first.")
        first, *others = tab.questions
        if first != question:
            return tab
        if closer is not None:
            append(self._path, Judgement(first.query, first.a, first.b, closer, who or "", _now()))
        tab = replace(tab, questions=tuple(others))
        try:
            return tab if others else self.ask(tab, tab.within)
        except MildnetError:  # the answer is on disk; that no other can be asked is said when one is asked for
            return tab

    def mark(self, tab: Tab, side: int, image_id: str, who: str | None) -> Tab:
        """The photo `image_id` of the column `side`, 0 or 1, is no good neighbour of the query; marked twice, once.

        Raises:
            InputError: the query was uploaded, or no other neighbour is left to compare with.
        """
        if tab.query.uploaded:
            raise InputError("judgements name photos of the catalog; this query was uploaded. Ask by another photo.")
        query = tab.query.name
        marked = {photo for of, photo in tab.marked if of == query}
        if image_id in marked:
            return tab
        found = [card.photo.image_id for card in self._tuning.columns(tab)[side].cards]
        append(self._path, wrong(query, self._comparable(found, image_id), marked, image_id, who or "", _now()))
        return replace(tab, marked=tab.marked | {(query, image_id)})

    def _comparable(self, found: list[str], image_id: str) -> list[str]:
        """The photos of `found` that may be compared with one of them: it, and those of other products, no copies."""
        opened = self._tuning.opened()
        labels, row = Labels.of(opened.catalog), opened.row
        barred = labels.barred(np.array([row[image_id]]), np.array([row[one] for one in found]))[0]
        return [one for one, bar in zip(found, barred, strict=True) if not bar or one == image_id]

    def counted(self) -> str:
        """How many judgements there are."""
        count = self._count()
        if not count:
            return f"No judgement yet. Each answer is added to {self._path} at once."
        return f"{plural(count, 'judgement')} in {self._path}."

    def learn(self) -> Proposal:
        """The weights that the judgements teach.

        Raises:
            InputError: there are too few, or they tell no weights.
        """
        opened, needed = self._tuning.opened(), Options().least
        if (count := self._count()) < needed:
            raise InputError(
                f"{plural(count, 'judgement')} so far; learning takes {needed}. Judge {needed - count} more."
            )
        return propose(self._path, opened.catalog, FEATURES, opened.similarity, self._tuning.present())

    def _count(self) -> int:
        return len(Judgements.read(self._path, self._tuning.opened().catalog)) if _written(self._path) else 0


def _written(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
