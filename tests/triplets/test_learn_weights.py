"""Weights learnt from judgements: simulated judges' weights come back, and what tells nothing is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
from judges import SETTINGS, TRUE, blind, informative, judge, judged, judged_in_rounds, questions
from small_project import fit as fitted
from small_project import write_params

from core.params import load
from core.paths import CATALOG, FEATURES, TABLE
from core.tables import DESCRIPTORS, Catalog
from triplets.judged import agreement, asking, learn
from triplets.params import RecommendParams

FULL = pytest.mark.slow
FILE = Path("judgements.csv")


def errors(told, seeds: int) -> np.ndarray:
    """The largest error of a weight, of the judges with each of the five settings and of the seeds."""
    return np.array(
        [
            np.abs(learn.fit(told(np.random.default_rng([number, seed]), weights)).weights - weights).max()
            for number, weights in enumerate(SETTINGS)
            for seed in range(seeds)
        ]
    )


@pytest.mark.parametrize(("seeds", "least"), [(4, 19), pytest.param(20, 98, marks=FULL)])
def test_two_hundred_judgements_asked_at_once_recover_the_weights(seeds, least):
    """Of 100 judges at least 98, and no weight is off by more than 0.08."""

    def told(rng, weights):
        return judged(rng, informative(rng, asking.any_weights(200, rng)), weights)

    found = errors(told, seeds)
    assert (found <= 0.05).sum() >= least
    assert found.max() <= 0.08


@pytest.mark.parametrize("seeds", [4, pytest.param(20, marks=FULL)])
def test_two_hundred_judgements_asked_in_four_rounds_recover_the_weights(seeds):
    """Of 100 judges all."""
    assert errors(lambda rng, weights: judged_in_rounds(rng, 200, weights, size=50), seeds).max() <= 0.05


@pytest.mark.parametrize(("seeds", "least"), [(4, 17), pytest.param(20, 88, marks=FULL)])
def test_two_hundred_blind_pairs_recover_most(seeds, least):
    """Of 100 judges at least 88."""
    found = errors(lambda rng, weights: judged(rng, blind(rng, 200), weights), seeds)
    assert (found <= 0.05).sum() >= least


def test_the_posterior_is_the_sum_over_all_weights():
    """By plain loops."""
    rng = np.random.default_rng(1)
    told = judged(rng, blind(rng, 12), (0.6, 0.3, 0.1))
    total, mean = 0.0, np.zeros(3)
    for i in range(51):
        for j in range(51 - i):
            weights = np.array([i, j, 50 - i - j]) / 50
            for k in learn._SHARPNESS:
                for e in learn._SLIPS:
                    sure = 1 / (1 + np.exp(-k * told @ weights))
                    likely = np.prod(e + (1 - 2 * e) * sure)
                    total, mean = total + likely, mean + likely * weights
    np.testing.assert_allclose(learn.fit(told).weights, mean / total, atol=0.005)


def test_a_category_with_few_judgements_leans_on_all():
    rng = np.random.default_rng(4)
    many = judged(rng, informative(rng, asking.any_weights(300, rng)), (0.7, 0.2, 0.1))
    few = judged(rng, informative(rng, asking.any_weights(30, rng)), (0.1, 0.2, 0.7))
    category = np.array(["dresses"] * 300 + ["tops"] * 30, object)
    apart = np.concatenate([many, few])
    learnt = {
        shrinkage: learn.Learnt.of(apart, category, {"dresses": 20.0, "tops": shrinkage})
        for shrinkage in (0.0, 20.0, 10_000.0)
    }
    overall = learnt[0.0].overall.weights
    np.testing.assert_allclose(learnt[20.0].categories["dresses"].weights, (0.7, 0.2, 0.1), atol=0.05)
    from_all = [np.abs(learnt[s].categories["tops"].weights - overall).max() for s in (0.0, 20.0, 10_000.0)]
    assert from_all[0] > from_all[1] > from_all[2]
    assert from_all[2] < 0.02
    assert from_all[1] > 0.05


def test_no_judgement_tells_nothing():
    found = learn.fit(np.empty((0, 3)))
    np.testing.assert_allclose(found.weights, 1 / 3, atol=1e-6)
    assert found.evidence == pytest.approx(0)


def test_wilsons_interval_and_the_design_effect():
    agree = np.array([1.0] * 80 + [0.0] * 20)
    alone = agreement.share(agree, np.arange(100))
    # 80 of 100: the textbook's bounds.
    assert (alone.value, round(alone.low, 3), round(alone.high, 3)) == (0.8, 0.711, 0.867)
    in_tens = agreement.share(agree, np.arange(100) // 10)
    assert in_tens.low < alone.low
    assert agreement.share(np.ones(10), np.arange(10)).low < 0.8


def test_a_gain_is_sure_before_the_shares_are():
    rng = np.random.default_rng(2)
    other = (np.arange(100) % 10 > 2).astype(float)
    agree = np.where(np.arange(100) % 20 == 0, 1.0, other)
    found = agreement.gain(agree, other, np.arange(100), rng)
    assert found.value == pytest.approx(0.05)
    assert 0 < found.low < 0.05 < found.high < 0.12


def test_a_query_is_never_learnt_from_and_judged_by():
    query = np.random.default_rng(3).integers(0, 20, 60)
    fold = agreement.folds_of(query, 4, np.random.default_rng(1))
    assert set(fold.tolist()) == {0, 1, 2, 3}
    for one in set(query.tolist()):
        assert len(set(fold[query == one].tolist())) == 1
    held = [len(set(query[fold == number].tolist())) for number in range(4)]
    assert max(held) - min(held) <= 1


def test_close_calls_are_the_pairs_that_turn_most_easily():
    squared = np.array([[[1.0, 2, 3], [3, 2, 1], [1, 1, 1], [1.1, 2, 3.5], [9, 9, 9], [8, 9, 9]]])
    alike = np.array([[1 / 3] * 3])
    a, b = asking.close_calls(squared, np.zeros((1, 6, 6), np.bool_), alike)
    assert {int(a[0]), int(b[0])} == {0, 1}  # equal for equal weights, opposite in structure and color
    barred = np.zeros((1, 6, 6), np.bool_)
    barred[0, 0, 1] = barred[0, 1, 0] = True
    a, b = asking.close_calls(squared, barred, alike)
    assert {int(a[0]), int(b[0])} != {0, 1}
    a, b = asking.close_calls(squared, np.ones((1, 6, 6), np.bool_), alike)
    assert (a[0], b[0]) == (-1, -1)


def test_pairs_to_judge_are_three_products_of_one_partition(project):
    catalog, pairs = questions(fitted(project))
    assert 150 < len(pairs.query) <= 200
    for names in (catalog.product_id, catalog.duplicate_group):
        assert all(len({names[row] for row in asked}) == 3 for asked in zip(pairs.query, pairs.a, pairs.b, strict=True))
    assert np.array_equal(catalog.partition[pairs.query], catalog.partition[pairs.a])
    assert np.array_equal(catalog.partition[pairs.query], catalog.partition[pairs.b])
    again, other = questions(fitted(project))[1], questions(fitted(project), seed=2)[1]
    assert np.array_equal(again.a, pairs.a)
    assert not np.array_equal(other.query[:50], pairs.query[:50])


def test_an_empty_catalog_has_no_pairs_to_judge(project):
    catalog = Catalog.read(CATALOG / TABLE)
    pairs = asking.pairs_to_judge(catalog.take(np.arange(0)), FEATURES, fitted(project), 5, 1)
    assert len(pairs.query) == 0


def learn_from(call, *words: str):
    return call("learn-weights", str(FILE), *words)


@pytest.fixture
def call():
    """Run `triplets ...` and return the result."""
    from click.testing import CliRunner

    from triplets.cli import main

    return lambda *words: CliRunner().invoke(main, words)


def test_the_command_writes_the_weights_it_prints(project, call):
    judge(FILE, TRUE)
    before = Path("params.yaml").read_bytes()
    dry = learn_from(call, "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "")
    assert dry.stdout.endswith("params.yaml stays as it is.\n")
    assert Path("params.yaml").read_bytes() == before
    done = learn_from(call)
    assert done.stdout.endswith("Wrote the weights into params.yaml. Run dvc repro.\n")
    assert done.stdout.split("\n")[:-2] == dry.stdout.split("\n")[:-2]
    params = load(Path("params.yaml"), "triplets.recommend", RecommendParams)
    for name, weight in TRUE.items():
        learnt = getattr(params.weights, name)
        assert abs(learnt - weight) < 0.05
        assert f", {learnt:.3f} (" in done.stdout
    assert sum(getattr(params.weights, name) for name in DESCRIPTORS) == pytest.approx(1)
    assert set(params.category_weights) == {"dresses", "skirts", "tops"}
    assert "The learnt weights agree with the judges more often than the present ones: +" in done.stdout


def test_present_weights_that_are_right_are_not_called_worse(project, call):
    judge(FILE, TRUE)
    write_params(project, recommend={"weights": TRUE, "category_weights": {"skirts": TRUE}})
    done = learn_from(call, "--least-per-category", "1000")
    assert "NOT shown to agree with the judges better" in done.stdout or "LESS often" in done.stdout
    assert re.search(r"\| skirts +\| \d+ +\| 0\.700, kept", done.stdout)
    assert re.search(r"\| tops +\| \d+ +\| as all", done.stdout)
    assert load(Path("params.yaml"), "triplets.recommend", RecommendParams).category_weights.keys() == {"skirts"}


def refused(result) -> str:
    assert result.exit_code == 1
    assert result.stdout == ""
    return result.stderr


def test_what_tells_no_weights_is_refused(project, call):
    before = Path("params.yaml").read_bytes()
    judge(FILE, TRUE, 59)
    few = "59 judgements are too few: 60 are needed. Judge 1 more, or lower --least."
    assert refused(learn_from(call)) == f"Error: {few}\n"
    assert refused(learn_from(call, "--least", "1", "--folds", "60")).startswith(
        "Error: 60 folds need as many queries. Received: "
    )
    lines = FILE.read_text().splitlines()
    turned = [
        line.replace(",a,Ann", ",?,Ann").replace(",b,Ann", ",a,Ann").replace(",?,Ann", ",b,Ann") for line in lines[1:]
    ]
    nothing = (
        "Error: the judgements tell no weights: a tossed coin explains them as well as any. Look whether they"
        " contradict one another or closer names the wrong photo.\n"
    )
    FILE.write_text("\n".join([*lines, *turned]) + "\n")
    assert refused(learn_from(call)) == nothing
    FILE.write_text("\n".join([lines[0], *turned]) + "\n")
    assert refused(learn_from(call, "--least", "1")) == nothing
    assert refused(learn_from(call, "--shrinkage", "nan")) == "Error: --shrinkage must be a number. Received: nan\n"
    FILE.unlink()
    assert refused(learn_from(call)).startswith("Error: judgements.csv does not exist.")
    assert Path("params.yaml").read_bytes() == before


def test_judgements_on_which_descriptors_agree_are_refused():
    from core.errors import InputError
    from triplets.judged.learned import _refuse_if_untold

    with pytest.raises(InputError, match=r"leave the weight of structure anywhere from 0\.0\d to 0\.8\d\. Judge pairs"):
        _refuse_if_untold(learn.fit(np.full((100, 3), 2.0)))
