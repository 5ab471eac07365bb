"""The report as flat numbers, for `dvc metrics`."""

from triplets.reports.facts import Facts

_PERCENTS = (10, 50, 90)


def metrics(facts: Facts) -> dict[str, float]:
    """Counts and shares per split and kind, distance quantiles per kind, and of training how evenly photos are used."""
    numbers: dict[str, float] = {}
    for of in facts.shares:
        numbers[f"{of.split}_total"] = of.reached
        for kind, share in of.kinds.items():
            numbers[f"{of.split}_{kind}"] = share.mixed
            numbers[f"{of.split}_{kind}_share"] = round(share.share or 0, 4)
    for one in facts.quantiles:
        if one.distance == "distance":
            for percent in _PERCENTS:
                numbers[f"{one.kind}_{one.pair}_distance_p{percent}"] = one.at[percent]
    for used in facts.hubs:
        if used.split == "train":
            numbers[f"train_{used.kind}_negatives"] = used.negatives
            numbers[f"train_{used.kind}_negative_most_used"] = used.most
            numbers[f"train_{used.kind}_negative_top_share"] = used.top_share
    for asked in facts.coverage:
        if asked.split == "train":
            numbers[f"train_{asked.kind}_queries_mined"] = round(asked.mined / asked.photos, 4)
            numbers[f"train_{asked.kind}_queries_mixed"] = round(asked.mixed / asked.photos, 4)
    return numbers
