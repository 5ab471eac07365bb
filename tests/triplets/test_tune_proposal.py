"""Weights that judgements propose: what `triplets learn-weights` prints and writes, and nothing is written before."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from judges import TRUE, judge
from small_project import write_params

from core.errors import InputError
from core.params import load
from core.paths import CATALOG, FEATURES, SIMILARITY, TABLE
from core.similarity import Similarity
from core.tables import Catalog
from triplets.cli import main
from triplets.judged.agreement import Estimate
from triplets.judged.options import Options
from triplets.params import RecommendParams, Weights
from triplets.tune.draft import Draft
from triplets.tune.proposal import Proposal, propose
from triplets.tune.setting import Setting

FILE, PARAMS = Path("judgements.csv"), Path("params.yaml")


def proposed(options: Options | None = None) -> Proposal:
    catalog, similarity = Catalog.read(CATALOG / TABLE), Similarity.read(SIMILARITY)
    present = load(PARAMS, "triplets.recommend", RecommendParams)
    return propose(FILE, catalog, FEATURES, similarity, present, *([options] if options else []))


def learn(*words: str):
    return CliRunner().invoke(main, ["learn-weights", str(FILE), *words])


def now() -> Setting:
    return Setting.of(load(PARAMS, "triplets.recommend", RecommendParams))


@pytest.mark.usefixtures("project")
def test_it_is_what_the_command_prints_and_writes():
    judge(FILE, TRUE)
    before = PARAMS.read_bytes()
    found = proposed()
    assert PARAMS.read_bytes() == before
    assert found.gain.low > 0
    assert not found.worse
    assert f"+{100 * found.gain.value:.1f} percentage points" in found.told
    done = learn()
    assert done.stdout == f"{found.told}\nWrote the weights into params.yaml. Run dvc repro.\n"
    assert now() == found.setting
    written = PARAMS.read_bytes()
    PARAMS.write_bytes(before)
    Draft.of(PARAMS, found.setting).write()
    assert PARAMS.read_bytes() == written


@pytest.mark.usefixtures("project")
def test_categories_without_weights_of_their_own_keep_what_they_have():
    judge(FILE, TRUE)
    write_params(Path(), recommend={"category_weights": {"skirts": {"structure": 2, "pattern": 1, "color": 1}}})
    few = Options(least_per_category=1000)
    assert proposed(few).setting.category_weights == {"skirts": Weights(2, 1, 1)}
    assert learn("--least-per-category", "1000").exit_code == 0
    assert now().category_weights == {"skirts": Weights(2, 1, 1)}
    assert now().weights == proposed(few).setting.weights


@pytest.mark.parametrize(("low", "high", "worse"), [(0.1, 0.3, False), (-0.1, 0.3, False), (-0.2, -0.1, True)])
def test_only_what_the_interval_shows_is_worse(low, high, worse):
    found = Proposal(Setting(Weights(1, 0, 0), {}), "", Estimate((low + high) / 2, low, high))
    assert found.worse == worse


@pytest.mark.usefixtures("project")
def test_present_weights_that_are_right_are_not_bettered():
    judge(FILE, TRUE, slips=0.0)
    write_params(Path(), recommend={"weights": TRUE})
    found = proposed()
    assert found.gain.low <= 0
    assert found.gain.value == pytest.approx(0, abs=0.05)


@pytest.mark.usefixtures("project")
def test_too_few_judgements_are_refused_as_by_the_command():
    judge(FILE, TRUE, 55)
    with pytest.raises(InputError) as error:
        proposed()
    assert str(error.value) == "55 judgements are too few: 60 are needed. Judge 5 more, or lower --least."
    assert learn().stderr == f"Error: {error.value}\n"
    assert proposed(Options(least=55)).told.startswith("55 judgements about ")
