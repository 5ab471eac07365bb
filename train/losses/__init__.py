"""The losses on triplets by name; one file describes each."""

from core.errors import ModelError
from train.losses.angular import Angular1, Angular2
from train.losses.base import TripletLoss, distance, squared_distances
from train.losses.contrastive import Contrastive
from train.losses.hinge import Hinge
from train.losses.hinge_new import HingeNew
from train.losses.lossless import Lossless
from train.losses.multi_similarity import MultiSimilarity
from train.losses.relational import Relational
from train.losses.soft_margin import SoftMargin

__all__ = ["LOSSES", "Contrastive", "Hinge", "TripletLoss", "build", "distance", "named", "squared_distances"]

LOSSES: dict[str, type[TripletLoss]] = {
    "hinge": Hinge,
    "hinge_new": HingeNew,
    "contrastive": Contrastive,
    "angular_1": Angular1,
    "angular_2": Angular2,
    "lossless": Lossless,
    "soft_margin": SoftMargin,
    "multi_similarity": MultiSimilarity,
    "relational": Relational,
}


def named(name: str) -> type[TripletLoss]:
    """The class of the loss `name`.

    Raises:
        ModelError: an unknown name.
    """
    if name not in LOSSES:
        raise ModelError(f"unknown loss {name}. Choose one of {', '.join(LOSSES)}.")
    return LOSSES[name]


def build(
    name: str,
    margin: float | None = None,
    mining: str | None = None,
    *,
    degrees: float | None = None,
    weight: float | None = None,
) -> TripletLoss:
    """The loss `name`; an option that is None stays the loss's own value.

    Args:
        margin: how far apart a negative must be, by the loss's own measure.
        mining: what replaces the negatives by other rows of the batch: hard or distance_weighted.
        degrees: the largest angle at a negative, of the angular losses.
        weight: of the hinge beside the teacher's distances, of the relational loss.

    Raises:
        ModelError: an unknown name, an option that the loss does not take, or a value out of range.
    """
    loss = named(name)
    options = {"margin": margin, "mining": mining, "degrees": degrees, "weight": weight}
    given = {option: value for option, value in options.items() if value is not None}
    for option, value in given.items():
        if option not in loss.options:
            raise ModelError(f"the loss {name} takes no {option}. Received: {value}. Set train.fit.{option} to null.")
    return loss(**given)
