"""The weights that judgements propose, with what is told about them: for the page and for `triplets learn-weights`."""

from dataclasses import dataclass
from pathlib import Path

from core.similarity import Similarity
from core.tables import Catalog
from triplets.judged.agreement import Estimate
from triplets.judged.judgements import Judgements
from triplets.judged.learn import Posterior
from triplets.judged.learned import Judged, Learned, rounded
from triplets.judged.options import Options
from triplets.judged.report import console
from triplets.params import RecommendParams, Weights
from triplets.tune.setting import Setting

_DEFAULTS = Options()


@dataclass(frozen=True)
class Proposal:
    """A setting learnt from judgements; categories that got no weights of their own keep what they have.

    `told` says what was learnt, and how often it agrees with the judges, in words and tables; `gain` is how much more
    often than the present weights.
    """

    setting: Setting
    told: str
    gain: Estimate

    @property
    def worse(self) -> bool:
        """Whether it surely agrees less often: then the present weights should stay."""
        return self.gain.high < 0


def propose(
    judgements: Path,
    catalog: Catalog,
    features: Path,
    similarity: Similarity,
    present: RecommendParams,
    options: Options = _DEFAULTS,
) -> Proposal:
    """Learn from the file `judgements`, and compare with the `present` weights; the `similarity` gives the scales.

    Raises:
        InputError: the file is missing or malformed, or there are too few judgements, or they tell no weights.
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    read = Judgements.read(judgements, catalog)
    judged = Judged.measure(read, catalog, features, similarity)
    learned = Learned.of(judged, present, options)
    own = {name: _weights(posterior) for name, posterior in learned.learnt.categories.items()}
    setting = Setting(_weights(learned.learnt.overall), present.category_weights | own)
    return Proposal(setting, console(read, learned, judged.counts()), learned.gain)


def _weights(posterior: Posterior) -> Weights:
    return Weights(**rounded(posterior.weights))
