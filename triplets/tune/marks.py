"""A found photo that is marked as wrong, as a judgement that weights are learnt from."""

from collections.abc import Collection, Sequence

from core.errors import InputError
from triplets.judged.judgements import Judgement


def wrong(query: str, found: Sequence[str], marked: Collection[str], image_id: str, who: str, when: str) -> Judgement:
    """The judgement that another found photo is closer to the `query` than `image_id`.

    The other one is the next below it that is not `marked` too, for there the order must turn; where none is below,
    the next above it.

    Args:
        found: the nearest photos, nearest first; `image_id` is one of them.
        marked: photos that were marked as wrong for this query.

    Raises:
        InputError: `image_id` was not found, or all others are marked.
    """
    if image_id not in found:
        raise InputError(f"{image_id} is none of the photos found for {query}. Mark one of those shown.")
    place = found.index(image_id)
    others = [other for other in (*found[place + 1 :], *reversed(found[:place])) if other not in marked]
    if not others:
        raise InputError(
            f"no other photo found for {query} is unmarked, so none is known to be closer. Ask by another photo."
        )
    return Judgement(query, others[0], image_id, "a", who, when)
