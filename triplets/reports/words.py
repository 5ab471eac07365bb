"""The kinds and the counted rules in words, and the parameter that changes what a rule rejects."""

NAMES = {"in_class": "in-class", "out_of_class": "out-of-class", "wild": "wild"}

# Which counted rule rejects what, and the parameter that changes it; those of a kind in the order they are applied.
RULES = {
    "positives.not_mutual": ("positive: the query is not among its nearest", "raise triplets.mine.positives"),
    "in_class.gap": (
        "in-class negative: ranks too near",
        "lower triplets.mine.gap, or raise triplets.mine.candidates",
    ),
    "in_class.same_product": ("in-class negative: shares a product or copy with the positive", "the catalog decides"),
    "in_class.similarity": ("in-class negative: nearly as similar as the positive", "lower triplets.mine.margin"),
    "in_class.negative_cap": (
        "in-class negative: it has its share of triplets",
        "raise triplets.mine.negative_cap, or lower triplets.mine.hardness",
    ),
    "in_class.surplus": (
        "in-class: not drawn, enough for the query or too many at their cap",
        "raise triplets.mine.per_query",
    ),
    "out_of_class.same_product": (
        "out-of-class negative: shares a product or copy with the query or positive",
        "the catalog decides",
    ),
    "out_of_class.similarity": (
        "out-of-class negative: nearly as similar as the positive",
        "lower triplets.mine.margin",
    ),
    "out_of_class.negative_cap": (
        "out-of-class negative: it has its share of triplets",
        "raise triplets.mine.negative_cap",
    ),
    "out_of_class.surplus": (
        "out-of-class: not drawn, enough for the query or too many at their cap",
        "raise triplets.mine.per_query",
    ),
    "wild.same_product": ("wild negative: shares a product or copy with the street photo's", "the catalog decides"),
    "wild.gap": ("wild negative, train only: ranks too near", "lower triplets.mix.gap"),
    "wild.similarity": ("wild negative, train only: nearly as similar as the positive", "lower triplets.mix.margin"),
    "wild.negative_cap": ("wild negative: it has its share of triplets", "raise triplets.mix.negative_cap"),
    "wild.surplus": (
        "wild: not drawn, enough for the street photo or too many at their cap",
        "raise triplets.mix.per_pair",
    ),
}
