"""A setting of the tuning page: the weights of all, and those of the categories that have their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from core.params import section
from core.similarity import Similarity
from triplets.params import RecommendParams, Weights
from triplets.similarity import weighted


@section
class Setting:
    """Weights of any scale, as only their proportion counts; `category_weights` by category."""

    weights: Weights
    category_weights: dict[str, Weights]

    @classmethod
    def of(cls, params: RecommendParams) -> Self:
        """The setting of the parameters' file."""
        return cls(params.weights, dict(params.category_weights))

    def similarity(self, scales: Mapping[str, float]) -> Similarity:
        """The distance that `triplets recommend` would write for these weights, the `scales` being the same."""
        return weighted(self.weights, self.category_weights, scales)

    def with_weights(self, weights: Weights, category: str | None) -> Self:
        """The setting with other weights of `category`, or with None of all."""
        if category is None:
            return replace(self, weights=weights)
        return replace(self, category_weights=self.category_weights | {category: weights})

    def without(self, category: str) -> Self:
        """The setting in which `category` asks by the weights of all."""
        own = {name: weights for name, weights in self.category_weights.items() if name != category}
        return replace(self, category_weights=own)
