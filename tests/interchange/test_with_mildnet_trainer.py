"""The original MILDNet trainer finds its triplets in what `triplets export` writes."""

from pathlib import Path

import exports_page as page
import pytest
from small_mix import known


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_lines_cut_at_commas_are_the_triplets(project, split):
    page.run("The original MILDNet trainer")
    lines = [line.split(",") for line in Path(f"exports/paths/{split}.csv").read_text().split("\n")]
    triplets = [tuple(line) for line in lines if len(line) == 3]  # as the trainer does: others it leaves out
    assert triplets == [tuple(f"photos/{image_id}.jpg" for image_id in ids) for ids in known(split)]
