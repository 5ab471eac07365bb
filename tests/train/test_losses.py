"""The losses against plain loops, their gradients against finite differences, and what they refuse."""

import keras
import loss_oracles as oracles
import numpy as np
import pytest

from core.errors import ModelError
from train import losses
from train.losses import LOSSES, Hinge
from train.losses.mining import MININGS
from train.targets import pack

CLAMPED = [
    ("hinge", {"margin": 0.6}),
    ("hinge_new", {"margin": 0.2}),
    ("contrastive", {"margin": 1.3}),
    ("angular_1", {"degrees": 35.0}),
]
CASES = [
    *CLAMPED,
    ("relational", {"margin": 0.6, "weight": 0.7}),
    ("angular_2", {"degrees": 35.0}),
    ("lossless", {}),
    ("soft_margin", {}),
    ("multi_similarity", {"margin": 0.05}),
    ("hinge", {"margin": 0.6, "mining": "hard"}),
    ("contrastive", {"margin": 1.3, "mining": "distance_weighted"}),
    ("relational", {"margin": 0.6, "weight": 0.7, "mining": "hard"}),
]
# Of 8 triplets. Group 0 is the query of three and a positive of one; the groups 1, 5 and 3 are its positives.
TARGETS = oracles.targets([0, 1, 2, 0, 1, 4, 0, 5, 6, 2, 3, 7, 3, 0, 1, 9, 10, 1, 11, 12, 2, 13, 14, 15])
ROWS = oracles.unit(24, width=3, seed=9)


def test_every_loss_is_tested():
    assert {name for name, _ in CASES} == set(LOSSES)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_loss_is_the_mean_of_the_values_of_a_loop(name, options):
    expected = oracles.values(name, TARGETS, ROWS, **options)
    loss = losses.build(name, **options)
    np.testing.assert_allclose(oracles.of(loss, TARGETS, ROWS), expected, rtol=1e-4, atol=1e-5)
    mean = keras.ops.convert_to_numpy(loss(TARGETS, ROWS.astype(np.float32)))
    np.testing.assert_allclose(mean, np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradient_is_the_finite_difference(name, options):
    step, expected = 1e-5, np.zeros(ROWS.shape)
    for place in np.ndindex(ROWS.shape):
        up, down = ROWS.copy(), ROWS.copy()
        up[place] += step
        down[place] -= step
        difference = np.subtract(*(oracles.values(name, TARGETS, rows, **options) for rows in (up, down)))
        expected[place] = np.mean(difference) / (2 * step)
    got = oracles.gradient(LOSSES[name](**options, dtype="float64"), TARGETS, ROWS)
    np.testing.assert_allclose(got, expected, atol=1e-7)


def test_losses_of_a_compiled_step_are_those_of_a_loop():
    parts = [losses.build(name, **options) for name, options in CASES]
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    model.compile(loss=lambda y_true, y_pred: sum(part(y_true, y_pred) for part in parts))
    expected = [np.mean(oracles.values(name, TARGETS, ROWS, **options)) for name, options in CASES]
    assert model.test_on_batch(ROWS, TARGETS) == pytest.approx(sum(expected), rel=1e-5)


def test_easy_triplets_do_not_cancel_hard_ones():
    easy = [[1, 0], [1, 0], [-1, 0]]
    hard = [[1, 0], [-1, 0], [1, 0]]
    loss = Hinge(0.5)(np.zeros((6, 2), np.float32), np.array(easy + hard, np.float32))
    assert float(loss) == pytest.approx((0 + 4.5) / 2)


@pytest.mark.parametrize(("name", "options"), CLAMPED)
def test_active_triplets_are_those_whose_negative_has_a_gradient(name, options):
    moved = ROWS.copy()
    moved[2::3] *= 1.001
    expected = np.not_equal(*(oracles.values(name, TARGETS, rows, **options) for rows in (ROWS, moved)))
    assert 0 < sum(expected) < len(expected)
    np.testing.assert_array_equal(oracles.active(losses.build(name, **options), TARGETS, ROWS), expected)


def test_active_triplets_of_the_relational_loss_are_those_of_its_hinge():
    loss = losses.build("relational", margin=0.6)
    np.testing.assert_array_equal(oracles.active(loss, TARGETS, ROWS), oracles.active(Hinge(0.6), TARGETS, ROWS))


@pytest.mark.parametrize("name", ["angular_2", "lossless", "soft_margin"])
def test_losses_without_a_clamp_are_always_active(name):
    assert oracles.active(LOSSES[name](), TARGETS, ROWS).all()


def test_multi_similarity_leaves_out_pairs_that_are_apart():
    rows = np.array([[1, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 0]], np.float32)
    y_true = pack(np.array([0, 0, 1, 2, 3, 0]), np.zeros(6), None)
    loss = LOSSES["multi_similarity"](margin=0.1)
    np.testing.assert_array_equal(oracles.active(loss, y_true, rows), [0, 1])
    assert oracles.of(loss, y_true, rows)[0] == 0


def test_batch_losses_of_a_batch_without_negatives():
    y_true = pack(np.zeros(6), np.zeros(6), None)
    rows = oracles.unit(6, 4)
    for name in ("multi_similarity", "angular_2"):
        np.testing.assert_array_equal(oracles.of(LOSSES[name](), y_true, rows), 0)
        assert not oracles.gradient(LOSSES[name](), y_true, rows).any()


def test_relational_of_a_silent_teacher_is_the_hinge():
    y_true = pack(np.arange(6), np.zeros(6), np.full((6, 6), -1.0))
    rows = oracles.unit(6, 4)
    expected = 0.5 * oracles.of(Hinge(0.3), y_true, rows)
    np.testing.assert_allclose(oracles.of(LOSSES["relational"](0.3, 0.5), y_true, rows), expected)


def test_relational_is_least_where_the_proportions_agree():
    rows = oracles.unit(6, 4)
    student = np.linalg.norm(rows[:, None] - rows[None, :], axis=2)
    loss = LOSSES["relational"](weight=0)
    np.testing.assert_allclose(oracles.of(loss, pack(np.arange(6), np.zeros(6), 0.3 * student), rows), 0, atol=1e-6)
    reversed_order = np.where(student > 0, 2 - student, 0)
    assert oracles.of(loss, pack(np.arange(6), np.zeros(6), reversed_order), rows).min() > 0.01


def test_lossless_is_defined_at_both_ends():
    opposite = np.array([[1, 0], [-1, 0], [1, 0], [1, 0], [1, 0], [-1, 0]]) * (1 + 1e-5)
    worst, best = oracles.of(LOSSES["lossless"](), np.zeros((6, 2)), opposite)
    assert worst == pytest.approx(-2 * np.log(1e-4), rel=0.02)
    assert best == pytest.approx(0, abs=3e-4)


MINED = [
    (name, mining)
    for name, loss in LOSSES.items()
    for mining in (None, *MININGS)
    if mining is None or "mining" in loss.options
]


@pytest.mark.parametrize(("name", "mining"), MINED)
@pytest.mark.parametrize("rows", [[[0.6, 0.8]] * 6, [[0, 0], [0.6, 0.8], [0.6, 0.8], [0, 0], [0, 0], [0, 0]]])
def test_gradient_is_finite_where_embeddings_coincide_or_are_zero(name, mining, rows):
    y_true = oracles.targets([0, 1, 2, 3, 4, 5])
    loss = losses.build(name, mining=mining)
    rows = np.array(rows, np.float32)
    assert np.isfinite(oracles.of(loss, y_true, rows)).all()
    assert np.isfinite(oracles.gradient(loss, y_true, rows)).all()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_loss_reloads(name, options):
    loss = LOSSES[name](**options, name="mine", reduction="sum", dtype="float64")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert loss.get_config() == {"name": "mine", "reduction": "sum", "dtype": "float64"} | {
        option: options.get(option) for option in loss.options
    }


def test_margins_are_the_papers_where_none_is_given():
    assert losses.build("hinge", margin=None, mining=None).margin == 1.0
    assert losses.build("angular_1").degrees == 45.0


def test_only_distillation_wants_the_teacher():
    assert [name for name, loss in LOSSES.items() if loss.teacher] == ["relational"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "triplet",
            {},
            "unknown loss triplet. Choose one of hinge, hinge_new, contrastive, angular_1, angular_2, lossless,"
            " soft_margin, multi_similarity, relational.",
        ),
        (
            "lossless",
            {"margin": 1.0},
            "the loss lossless takes no margin. Received: 1.0. Set train.fit.margin to null.",
        ),
        (
            "multi_similarity",
            {"mining": "hard"},
            "the loss multi_similarity takes no mining. Received: hard. Set train.fit.mining to null.",
        ),
        ("hinge", {"mining": "easy"}, "unknown mining easy. Choose one of hard, distance_weighted, or null."),
        ("hinge", {"margin": 0}, "margin must be above 0. Received: 0."),
        ("contrastive", {"margin": float("nan")}, "margin must be above 0. Received: nan."),
        ("angular_1", {"degrees": 90}, "degrees must be above 0 and below 90. Received: 90."),
        ("angular_2", {"degrees": -1}, "degrees must be above 0 and below 90. Received: -1."),
        ("relational", {"weight": -1}, "weight must be at least 0. Received: -1."),
        ("multi_similarity", {"margin": -0.1}, "margin must be above 0. Received: -0.1."),
    ],
)
def test_what_is_refused(name, options, message):
    with pytest.raises(ModelError) as error:
        losses.build(name, **options)
    assert str(error.value) == message
