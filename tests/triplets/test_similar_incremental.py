"""`triplets similar --incremental`: the bytes of a full run, whatever has changed, and no more asked than needed."""

import json
import multiprocessing
import os
import signal
from dataclasses import asdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_project import WIDTHS, row, write_params, write_vectors

from core.engines import LOCAL
from core.paths import CATALOG, FEATURES, SEAL, SEEN, SIMILAR, SIMILARITY, TABLE
from core.search import beside, in_blocks
from core.similarity import Similarity, squares
from core.tables import DESCRIPTORS, Catalog, Similar
from triplets.distances import between
from triplets.products import candidates, daily, seen, similar
from triplets.products.changes import Counts
from triplets.products.families import families
from triplets.products.photos import Photos
from triplets.products.similar import Search

FITTED = Similarity({"structure": 0.5, "pattern": 0.2, "color": 0.3}, {"structure": 0.7, "pattern": 1.3, "color": 0.4})
K = 3


class Shop:
    """A catalog that changes from day to day; few values, so that distances and copies are often equal."""

    def __init__(self, seed: int, products: int, coarse: bool):
        self.rng = np.random.default_rng(seed)
        self.coarse = coarse
        self.rows: dict[str, dict] = {}
        self.vectors: dict[str, dict[str, np.ndarray]] = {}
        for _ in range(products):
            self.add()

    def add(self):
        product = f"p{self.rng.integers(10**6):06}"
        category = str(self.rng.choice(["tops", "dresses", "hats"], p=[0.5, 0.4, 0.1]))
        for shot in range(self.rng.integers(1, 4)):
            image_id = f"{product}-{shot}"
            one = row(image_id, product_id=product, category=category)
            if self.rng.random() < 0.1:
                one["duplicate_group"] = f"copies {self.rng.integers(8)}"
            if self.rng.random() < 0.3:
                one["attributes"] = {"style": f"s{self.rng.integers(12)}"}
            self.rows[image_id] = one
            self.draw(image_id)

    def add_styled(self):
        """There is a product with a style on each day: a shop without any is refused."""
        if not any(one["attributes"] for one in self.rows.values()):
            self.rows[self.any_photo()]["attributes"] = {"style": "s1"}

    def draw(self, image_id: str):
        values = {name: self.rng.random(width).astype(np.float32) + 0.1 for name, width in WIDTHS.items()}
        if self.coarse:
            values = {name: np.eye(width, dtype=np.float32)[self.rng.integers(3)] for name, width in WIDTHS.items()}
        known = list(self.vectors)
        if known and self.rng.random() < 0.2:
            values = self.vectors[str(self.rng.choice(known))]
        self.vectors[image_id] = values

    def any_photo(self) -> str:
        return str(self.rng.choice(list(self.rows)))

    def remove(self):
        product = self.rows[self.any_photo()]["product_id"]
        for image_id in [name for name, one in self.rows.items() if one["product_id"] == product]:
            del self.rows[image_id]

    def change(self):
        match self.rng.integers(5):
            case 0:
                self.draw(self.any_photo())
            case 1:
                self.rows[self.any_photo()]["duplicate_group"] = f"copies {self.rng.integers(8)}"
            case 2:
                self.rows[self.any_photo()]["attributes"] = {"style": f"s{self.rng.integers(12)}"}
            case 3:
                one = self.rows[self.any_photo()]
                one["attributes"], one["duplicate_group"] = {}, one["image_id"]
            case 4:
                one = self.rows[self.any_photo()]
                self.rows["extra " + one["image_id"]] = one | {"image_id": "extra " + one["image_id"]}
                self.draw("extra " + one["image_id"])

    def write(self) -> Catalog:
        Catalog.from_rows(list(self.rows.values())).write(CATALOG / TABLE)
        ids = self.rng.permutation(list(self.rows))
        vectors = {name: np.stack([self.vectors[one][name] for one in ids]) for name in WIDTHS}
        write_vectors(FEATURES, ids, vectors)
        return Catalog.read(CATALOG / TABLE)


def search_of(catalog: Catalog, variant: str | None = None, k: int = K) -> Search:
    photos = Photos.of(catalog)
    return Search.of(photos, families(photos, variant), FEATURES, FITTED, k, LOCAL)


def find(catalog: Catalog, incremental: bool, variant: str | None = None, k: int = K) -> Counts:
    made, search = seen.made_by(k, FITTED), search_of(catalog, variant, k)
    if not incremental:
        daily.write_all(search, made)
        return Counts()
    last, why = seen.read(made)
    assert not why
    return daily.bring_up_to_date(search, last, made)[1]


def written() -> list[bytes]:
    return [path.read_bytes() for path in (SIMILAR, SEEN, SEAL)]


@pytest.mark.parametrize("seed", range(12))
def test_day_after_day_the_bytes_are_those_of_a_full_run(tmp_path, monkeypatch, seed):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(candidates, "_BLOCK", (4, 512)[seed % 2])
    shop = Shop(seed, 40, coarse=seed % 3 == 0)
    variant = (None, "style")[seed % 4 // 2]
    find(shop.write(), False, variant)
    for day in range(8):
        for _ in range(shop.rng.integers(4)):
            shop.add()
        for _ in range(shop.rng.integers(4)):
            shop.change()
        for _ in range(shop.rng.integers(3) if day % 2 else 0):
            shop.remove()
        if day == 6:  # a partition goes, and lists become shorter than they may be
            shop.rows = {name: one for name, one in shop.rows.items() if one["category"] == "dresses"}
            shop.rows = dict(list(shop.rows.items())[: 2 * K])
            shop.add()
        shop.add_styled()
        catalog = shop.write()
        find(catalog, True, variant)
        updated = written()
        find(catalog, False, variant)
        assert written() == updated, day


@pytest.mark.parametrize("coarse", [False, True])
def test_block_and_order_of_the_partition_decide_no_bit(tmp_path, monkeypatch, coarse):
    monkeypatch.chdir(tmp_path)
    shop = Shop(1, 60, coarse)
    catalog = shop.write()
    find(catalog, False)
    lists = written()
    for block in (1, 7, 50):
        monkeypatch.setattr(candidates, "_BLOCK", block)
        shop.write()  # the vectors in another order
        find(catalog, False)
        assert written() == lists


def test_the_lists_do_not_depend_on_who_else_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = Shop(2, 40, coarse=False)
    catalog = shop.write()
    find(catalog, False, k=100)
    all_of_them = {tuple(one[1:4:2]): one for one in rows(Similar.read(SIMILAR))}
    find(catalog.take(np.arange(len(catalog)) % 3 > 0), False, k=1)
    photos = {one[4:6]: one[6:] for one in all_of_them.values()}
    alike = [photos[one[4:6]] == one[6:] for one in rows(Similar.read(SIMILAR)) if one[4:6] in photos]
    assert len(alike) > 10
    assert all(alike)


def rows(table: Similar) -> list[tuple]:
    return list(zip(*(getattr(table, name).tolist() for name in Similar.columns()), strict=True))


@pytest.mark.parametrize("spread", [1.0, 1e-3, 1e-6])
def test_no_distance_is_further_from_the_product_of_matrices_than_its_bound(spread):
    rng = np.random.default_rng(4)
    prepared = {
        name: (rng.normal(size=width) + spread * rng.normal(size=(90, width))).astype(np.float32)
        for name, width in (("structure", 700), ("pattern", 300), ("color", 50))
    }
    mine, theirs = (some.ravel() for some in np.indices((90, 90)))
    exact = between(prepared, FITTED, mine, theirs)["distance"].astype(float).reshape(90, 90) ** 2
    vectors = [prepared[name] for name in DESCRIPTORS]
    (block,) = in_blocks(vectors, vectors, FITTED.factors(), [slice(0, 90)])
    read = beside(vectors, [some @ some.T for some in vectors], [squares(some) for some in vectors], FITTED.factors())
    for one in (block, read):
        of_query, of_photo = one.errors()
        bound = of_query[:, None].astype(float) + of_photo[None, :]
        assert (abs(one.squared - exact) <= bound).all()
        assert bound.mean() < 2e-3 * (exact.mean() if one is block else squares(vectors[0]).mean())


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Four tops on a line at 0, 1, 3 and 7, and two hats; each list is one product long."""
    monkeypatch.chdir(tmp_path)
    return {"a": 0.0, "b": 1.0, "c": 3.0, "d": 7.0, "hat1": 0.0, "hat2": 1.0}


def day(shop: dict[str, float], incremental: bool = True, **changed: dict) -> Counts:
    """Products of a photo, whose colour alone differs, by an angle."""
    catalog = [row(name, category="hats" if "hat" in name else "tops", **changed.get(name, {})) for name in shop]
    angle = np.array([0.1 * value for value in shop.values()])
    vectors = {name: np.ones((len(shop), width), np.float32) for name, width in WIDTHS.items()}
    vectors["color"] = np.stack([np.cos(angle) ** 2, np.sin(angle) ** 2], axis=1).astype(np.float32)
    Catalog.from_rows(catalog).write(CATALOG / TABLE)
    write_vectors(FEATURES, list(shop), vectors)
    catalog = Catalog.read(CATALOG / TABLE)
    counts = find(catalog, incremental, k=1)
    updated = written()
    find(catalog, False, k=1)
    assert written() == updated
    return counts


def test_only_what_changes_is_asked(shop):
    day(shop, incremental=False)
    assert day(shop) == Counts()
    assert day(shop | {"e": 3.5}) == Counts(new=1, touched=1)  # nearer to c and d, which are not asked
    assert day(shop) == Counts(removed=1, anew=2, touched=1)  # c and d had it
    assert day(shop | {"b": 2.9}) == Counts(changed=1, anew=2, touched=1)  # a and c had it
    assert day(shop | {"b": 2.9}, a={"duplicate_group": "x"}, b={"duplicate_group": "x"}) == Counts(
        changed=0, anew=3, touched=1
    )  # a and b, and c, which had b; d still has c


def test_a_new_member_of_a_family_asks_nobody_anew_unless_it_joins_two(shop):
    day(shop, incremental=False)
    first = {"a": {"duplicate_group": "x"}, "e": {"duplicate_group": "x"}}
    assert day(shop | {"e": 2.0}, **first) == Counts(new=1, touched=1)
    both = first | {"d": {"duplicate_group": "y"}}
    assert day(shop | {"e": 2.0}, **both) == Counts(touched=0)  # alone in its group
    assert day({name: shop[name] for name in shop if "hat" not in name} | {"e": 2.0}, **both) == Counts(
        removed=2, touched=1
    )  # the hats, which are a partition of their own


def test_a_partition_that_goes_or_comes_is_counted(shop):
    day(shop, incremental=False)
    assert Counts(1, 2, 3, 4, 5).describe(1000) == (
        "Since the last run: 1 products are new, 2 changed, 3 removed; 4 others were asked anew."
        " 5 of 1,000 partitions were touched."
    )
    tops = {name: value for name, value in shop.items() if "hat" not in name}
    assert day(tops) == Counts(removed=2, touched=1)
    assert day(shop) == Counts(new=2, touched=1)


@pytest.fixture
def recommended(project, call):
    assert call("recommend").exit_code == 0
    return project


def test_the_command_says_what_was_new(recommended, call):
    catalog = Catalog.read(CATALOG / TABLE)
    catalog.take(catalog.product_id != "p003").write(CATALOG / TABLE)
    full = call("similar").stdout
    catalog.take(catalog.product_id != "p004").write(CATALOG / TABLE)
    done = call("similar", "--incremental")
    assert done.exit_code == 0, done.stderr
    assert "Since" not in full
    lines = done.stdout.splitlines()
    assert lines[1].startswith("Lists of variants") or lines[1].startswith("Shorter")
    since = next(line for line in lines if line.startswith("Since"))
    assert since.startswith("Since the last run: 1 products are new, 0 changed, 1 removed; ")
    assert since.endswith(" others were asked anew. 2 of 3 partitions were touched.")
    updated = written()
    assert call("similar").exit_code == 0
    assert written() == updated
    assert call("similar", "--incremental", "--workers", "2").exit_code == 0
    assert written() == updated


def anew(call) -> str:
    done = call("similar", "--incremental")
    assert done.exit_code == 0, done.stderr
    return done.stdout.splitlines()[0]


def test_what_cannot_be_updated_is_found_anew_and_says_why(recommended, call):
    assert anew(call) == f"All lists are found anew: {SEAL} does not exist."
    lists = SIMILAR.read_bytes()
    assert anew(call).startswith("60 products: ")
    write_params(recommended, similar={"products": 9})
    assert anew(call) == "All lists are found anew: the length of the lists changed."
    write_params(recommended)
    anew(call)
    fitted = Similarity.read(SIMILARITY)
    Similarity(fitted.weights, fitted.scales | {"color": 0.123}).write(SIMILARITY)
    assert anew(call) == "All lists are found anew: the weights or scales changed."
    fitted.write(SIMILARITY)
    anew(call)
    told = json.loads(SEAL.read_text())
    SEAL.write_text(json.dumps(told | {"version": 0}))
    assert anew(call) == "All lists are found anew: the way in which lists are found changed."
    SEAL.write_text(json.dumps(told | {"numpy": "1.0"}))
    assert anew(call) == "All lists are found anew: the version of NumPy changed."
    for damaged in ("", "[]", "{}", '{"version": 1}', "\0"):
        SEAL.write_text(damaged)
        assert anew(call) == f"All lists are found anew: {SEAL} is not of this program."
    for path in (SIMILAR, SEEN):
        path.write_bytes(path.read_bytes()[:-1])
        assert anew(call) == f"All lists are found anew: {SIMILAR} is not as the last run left it."
    SEEN.unlink()
    assert anew(call) == f"All lists are found anew: {SEEN} does not exist."
    assert SIMILAR.read_bytes() == lists


def test_another_output_is_refused(recommended, call):
    done = call("similar", "--incremental", "--output", "s.csv")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        f"Error: --incremental brings {SIMILAR} up to date. Leave --output out. Received: s.csv"
    )
    assert call("similar", "--output", "s.parquet").exit_code == 0
    assert not SEAL.exists()


def die_at(catalog: Catalog, parts: int) -> None:
    """An increment that is killed when it has found `parts` partitions."""
    search, found = search_of(catalog), similar.similar

    def until(*asked):
        for number, one in enumerate(found(*asked)):
            if number == parts:
                os.kill(os.getpid(), signal.SIGKILL)
            yield one

    daily.similar = until
    daily.bring_up_to_date(search, seen.read(seen.made_by(K, FITTED))[0], seen.made_by(K, FITTED))


def die_writing(catalog):
    write = pq.ParquetWriter.write_table

    def once(self, table):
        write(self, table)
        os.kill(os.getpid(), signal.SIGKILL)

    pq.ParquetWriter.write_table = once
    find(catalog, False)


def test_what_a_run_that_was_killed_while_it_wrote_has_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = Shop(3, 40, coarse=False).write()
    process = multiprocessing.get_context("fork").Process(target=die_writing, args=(catalog,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert len(list(SIMILAR.parent.iterdir())) == 1
    find(catalog, False)
    assert sorted(path.name for path in SIMILAR.parent.iterdir()) == sorted([SEAL.name, SEEN.name, SIMILAR.name])


def test_a_killed_run_leaves_all_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = Shop(3, 40, coarse=False)
    find(shop.write(), False)
    before = written()
    for _ in range(3):
        shop.add()
    catalog = shop.write()
    process = multiprocessing.get_context("fork").Process(target=die_at, args=(catalog, 0))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert written() == before
    assert find(catalog, True).new == 3
    updated = written()
    find(catalog, False)
    assert written() == updated
    assert sorted(path.name for path in SIMILAR.parent.iterdir()) == sorted(p.name for p in (SIMILAR, SEEN, SEAL))


def test_a_run_killed_between_two_files_is_not_taken_for_the_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = Shop(5, 20, coarse=False)
    find(shop.write(), False)
    seal = SEAL.read_bytes()
    shop.add()
    find(shop.write(), True)
    SEAL.write_bytes(seal)
    assert seen.read(seen.made_by(K, FITTED)) == (None, f"{SIMILAR} is not as the last run left it")
    assert asdict(FITTED) == json.loads(seal)["similarity"]
