"""pytorch-metric-learning computes the losses of what `triplets export` writes."""

import exports_page as page
import numpy as np
import pytest
from small_mix import known, pixels

pytest.importorskip("pytorch_metric_learning", reason="`make test-interchange` installs it")

import torch
from pytorch_metric_learning.losses import TripletMarginLoss

WEIGHT = np.random.default_rng(4).normal(size=(3, 4))


def unit(image_id):
    """The embedding of a photo, of length 1 as the library's distance makes it."""
    vector = (pixels(image_id).mean(axis=(0, 1)) - 127) @ WEIGHT
    return vector / np.linalg.norm(vector)


def plain(triplets, margin):
    """The mean over the triplets that violate the margin, as the library reduces."""
    losses = []
    for query, positive, negative in triplets:
        gap = np.linalg.norm(unit(query) - unit(positive)) - np.linalg.norm(unit(query) - unit(negative))
        losses.append(max(gap + margin, 0))
    violating = [loss for loss in losses if loss > 0]
    assert 0 < len(violating) < len(losses)
    return np.mean(violating)


def embed(image_ids):
    return torch.tensor(np.array([unit(image_id) for image_id in image_ids]), requires_grad=True)


def test_the_lines_of_the_page_give_the_loss_of_a_plain_loop(project):
    names = page.run("pytorch-metric-learning", embed=embed)
    taken = [known("train")[row] for row in names["batch"]]
    assert len(taken) == 16
    assert names["value"].item() == pytest.approx(plain(taken, 0.1))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_all_triplets_of_a_split_in_one_call(project, split):
    page.run("pytorch-metric-learning", embed=embed)
    with np.load(f"exports/rows/{split}.npz") as file:
        some = dict(file)
    indices_tuple = tuple(torch.from_numpy(some[name]) for name in ("anchor", "positive", "negative"))
    value = TripletMarginLoss(margin=0.5)(embed(some["image_id"]), labels=None, indices_tuple=indices_tuple)
    assert value.item() == pytest.approx(plain(known(split), 0.5))
