"""The losses and the mining by plain loops, in float64, and their gradients as any backend takes them."""

import keras
import numpy as np

from train import losses
from train.targets import DRAW, GROUP, TEACHER, pack


def unit(rows: int, width: int, seed: int = 3) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(rows, width))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def targets(groups: list[int], seed: int = 0) -> np.ndarray:
    """Targets of rows in `groups`, one photo each, with random draws and a teacher that is silent on a few pairs."""
    rng = np.random.default_rng(seed)
    teacher = rng.uniform(0.2, 1.0, (len(groups), len(groups)))
    teacher[rng.random(teacher.shape) < 0.1] = -1
    teacher = np.minimum(teacher, teacher.T)
    teacher[np.equal.outer(groups, groups)] = 0
    return pack(np.array(groups), rng.random(len(groups), np.float32), teacher)


def values(name: str, y_true: np.ndarray, rows: np.ndarray, **options: float | str) -> list[float]:
    """The loss `name` of each triplet."""
    found = []
    for place in range(len(rows) // 3):
        query, positive, negative = (rows[3 * place + step] for step in range(3))
        if "mining" in options:
            negative = rows[MININGS[options["mining"]](y_true, rows)[place]]
        found.append(ORACLES[name](y_true, rows, place, query, positive, negative, **options))
    return found


def allowed(y_true: np.ndarray, place: int) -> list[int]:
    """The rows that may be negatives of the query of triplet `place`."""
    group = y_true[:, GROUP]
    own = group[3 * place]
    alike = {own}
    for start in range(0, len(group), 3):
        if group[start] == own:
            alike.add(group[start + 1])
        if group[start + 1] == own:
            alike.add(group[start])
    return [row for row in range(len(group)) if group[row] not in alike]


def hard(y_true, rows):
    places = []
    for place in range(len(rows) // 3):
        others = allowed(y_true, place)
        gaps = [np.linalg.norm(rows[3 * place] - rows[row]) for row in others]
        places.append(others[int(np.argmin(gaps))] if others else 3 * place + 2)
    return places


def chances(y_true, rows, place) -> dict[int, float]:
    """The chance of each row that can be drawn for triplet `place`: empty where there is none."""
    width = rows.shape[1]
    weights = {}
    for row in allowed(y_true, place):
        gap = np.linalg.norm(rows[3 * place] - rows[row])
        if gap < 1.4:
            gap = max(gap, 0.5)
            weights[row] = 1 / (gap ** (width - 2) * (1 - gap**2 / 4) ** ((width - 3) / 2))
    return {row: weight / sum(weights.values()) for row, weight in weights.items()}


def distance_weighted(y_true, rows):
    places = []
    for place in range(len(rows) // 3):
        chosen, passed = 3 * place + 2, 0.0
        for row, chance in chances(y_true, rows, place).items():
            passed += chance
            if passed > y_true[3 * place, DRAW]:
                chosen = row
                break
        places.append(chosen)
    return places


MININGS = {"hard": hard, "distance_weighted": distance_weighted}


def d2(left, right):
    return sum((a - b) ** 2 for a, b in zip(left, right, strict=True))


def hinge(y_true, rows, place, query, positive, negative, margin, mining=None):
    return max(0.0, d2(query, positive) - d2(query, negative) + margin)


def hinge_new(y_true, rows, place, query, positive, negative, margin, mining=None):
    return sum(max(0.0, d2(query, positive) - d2(side, negative) + margin) for side in (query, positive))


def contrastive(y_true, rows, place, query, positive, negative, margin, mining=None):
    return 0.5 * d2(query, positive) + 0.5 * max(0.0, margin - d2(query, negative) ** 0.5) ** 2


def angular_1(y_true, rows, place, query, positive, negative, degrees, mining=None):
    return max(0.0, d2(query, positive) - 4 * np.tan(np.pi * degrees / 180) ** 2 * d2(negative, (query + positive) / 2))


def angular_2(y_true, rows, place, query, positive, negative, degrees):
    tan2 = np.tan(np.pi * degrees / 180) ** 2
    pair = angle = 0.0
    for row in allowed(y_true, place):
        pair += np.exp(query @ rows[row] - query @ positive)
        angle += np.exp(4 * tan2 * (query + positive) @ rows[row] - 2 * (1 + tan2) * (query @ positive))
    return np.log(1 + pair) + 2 * np.log(1 + angle)


def lossless(y_true, rows, place, query, positive, negative, mining=None):
    n, beta, eps = 4, 4, 1e-4
    near, far = d2(query, positive), d2(query, negative)
    return -np.log(-near / beta + 1 + eps) - np.log(-(n - far) / beta + 1 + eps)


def soft_margin(y_true, rows, place, query, positive, negative, mining=None):
    return np.log(1 + np.exp(d2(query, positive) - d2(query, negative)))


def multi_similarity(y_true, rows, place, query, positive, negative, margin):
    far = allowed(y_true, place)
    near = [row for row in range(len(rows)) if row not in far and row != 3 * place]
    least, largest = min(query @ rows[row] for row in near), max((query @ rows[row] for row in far), default=-np.inf)
    pull = sum(np.exp(-2 * (query @ rows[row] - 0.5)) for row in near if query @ rows[row] - margin < largest)
    push = sum(np.exp(40 * (query @ rows[row] - 0.5)) for row in far if query @ rows[row] + margin > least)
    return np.log(1 + pull) / 2 + np.log(1 + push) / 40


def relational(y_true, rows, place, query, positive, negative, margin, weight, mining=None):
    teacher = y_true[:, TEACHER:].astype(float)
    student = np.linalg.norm(rows[:, None] - rows[None, :], axis=2)
    pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if teacher[i, j] > 0]
    scales = [np.mean([table[pair] for pair in pairs]) if pairs else 1.0 for table in (student, teacher)]
    means = []
    for row in range(3 * place, 3 * place + 3):
        gaps = [abs(student[pair] / scales[0] - teacher[pair] / scales[1]) for pair in pairs if pair[0] == row]
        means.append(np.mean([0.5 * gap**2 for gap in gaps]) if gaps else 0.0)
    silent = teacher[3 * place, 3 * place + 1] < 0
    return np.mean(means) + silent * weight * hinge(y_true, rows, place, query, positive, negative, margin)


ORACLES = {
    "hinge": hinge,
    "hinge_new": hinge_new,
    "contrastive": contrastive,
    "angular_1": angular_1,
    "angular_2": angular_2,
    "lossless": lossless,
    "soft_margin": soft_margin,
    "multi_similarity": multi_similarity,
    "relational": relational,
}


def of(loss: losses.TripletLoss, y_true: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The loss's value of each triplet, (triplets,)."""
    return keras.ops.convert_to_numpy(loss.call(*tensors(loss.dtype, y_true, rows)))


def active(loss: losses.TripletLoss, y_true: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which triplets are active, (triplets,) bool."""
    return keras.ops.convert_to_numpy(loss.active(*tensors(loss.dtype, y_true, rows))).astype(bool)


def tensors(dtype: str, *arrays: np.ndarray) -> list:
    return [keras.ops.convert_to_tensor(array, dtype) for array in arrays]


def gradient(loss: losses.TripletLoss, y_true: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The gradient of the mean loss by the rows, from one step of plain SGD, as every backend can take it."""
    embed = keras.layers.Embedding(len(rows), rows.shape[1], dtype=loss.dtype)
    flat = keras.layers.Reshape((rows.shape[1],), dtype=loss.dtype)
    model = keras.Sequential([keras.Input((1,), dtype="int32"), embed, flat])
    rows = rows.astype(loss.dtype)
    model.set_weights([rows])
    model.compile(keras.optimizers.SGD(1.0), loss=loss, run_eagerly=True)
    model.train_on_batch(np.arange(len(rows))[:, None], y_true)
    return rows - model.get_weights()[0]
