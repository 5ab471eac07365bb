"""The tuning page in a real browser: first paint, answers to a slider and to a query, and the server's memory.

Two synthetic catalogs of one photo per product, with vectors of the real widths: one with all photos in one
partition, and a larger one with ten partitions. The server runs as people start it; Chromium has no window. The time
of an answer runs from the event to the frame after the neighbours changed, browser included.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click
import numpy as np
import psutil
from evaluation import ATTRIBUTES, collection
from mining import PROFILE, WIDTHS
from playwright.sync_api import Browser, Page, sync_playwright

from core import rows
from core.images import encode, write_store
from core.paths import CATALOG, FEATURES, SIMILARITY, STORE, TABLE
from core.similarity import Similarity, prepare
from core.tables import DESCRIPTORS, Vectors
from curate.drawn.products import CATALOG as DRAWN
from curate.drawn.products import generators, product
from curate.drawn.scenes import catalog_photo
from curate.drawn.silhouettes import PARTITIONS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LIMITS = [("first paint", "median", 2000), ("slider", "median", 150), ("slider", "p95", 150)]  # ms
WEIGHTS = {"structure": 0.2, "pattern": 0.4, "color": 0.4}  # those of the profile
VECTORS = [FEATURES / f"{name}.arrow" for name in DESCRIPTORS]
SMALL, PLACES = 50, 10  # photos of the small partitions beside a large one; partitions of the larger catalog
_DRAWN, _SIDE, _CROP = 300, 160, 20  # distinct photos, of 160 px by 160 less this at both sides
_CLUSTERS, _BLOCK = 500, 1000  # of the vectors; rows that are made together
# `answered` does an act and waits: `cards` ms until other neighbours or distances are drawn, `pictures` ms until all
# their pictures are there, too. `changed` says whether photos changed, and not only numbers.
_IN_PAGE = """
  window.all = (what) => [...document.querySelectorAll(what)];
  window.texts = (what) => all(what).map((one) => one.dataset.value ?? one.textContent).join();
  window.loaded = () => {
    const pictures = all("#found img, #query img");
    return pictures.length > 1 && pictures.every((one) => one.complete && one.naturalWidth);
  };
  window.answered = (act) => new Promise((done, fail) => {
    const before = texts("#found .columns"), photos = texts("#found button.photo");
    let start, cards;
    const drawn = () => requestAnimationFrame(() => setTimeout(() => {
      const now = performance.now() - start;
      cards ??= now;
      if (loaded()) done({ cards, pictures: now, changed: texts("#found button.photo") !== photos });
      else drawn();
    }));
    const watch = new MutationObserver(() => {
      if (texts("#found .columns") === before) return;
      watch.disconnect();
      drawn();
    });
    watch.observe(document.querySelector("#found"), { subtree: true, childList: true, characterData: true });
    setTimeout(() => fail(new Error("no answer within 20 s: " + texts("#message"))), 20000);
    start = performance.now();
    act();
  });
  window.turn = (name, value) => answered(() => {
    const slider = document.querySelector(`#weight-${name} input[type=range]`);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  window.ask = (rank) => answered(() => all("#found button.photo")[rank].click());
  window.show = () => answered(() => all("button").find((one) => one.innerText === "Show").click());
"""


@click.command()
@click.option("--photos", default=10_000, show_default=True, help="Of the one large partition.")
@click.option("--many", default=100_000, show_default=True, help=f"Of the larger catalog, in {PLACES} partitions.")
@click.option("--moves", default=60, show_default=True, help="Of the sliders.")
@click.option("--queries", default=20, show_default=True)
@click.option("--visits", default=7, show_default=True, help="Of browsers that know nothing of the page.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(photos: int, many: int, moves: int, queries: int, visits: int, json_path: Path | None) -> None:
    """Time the tuning page over two catalogs, and watch the memory of its server.

    Private memory may not reach the size of the vectors' files of the larger catalog, which outweigh the server itself
    from some 40,000 photos on.

    Example: python benchmarks/tuning.py --photos 5000 --many 50000
    """
    if CHROMIUM is None:
        raise click.ClickException("no Chromium is installed: make browser")
    figures = {}
    # The page opens at the first partition by name, which is the third here.
    for name, sizes in {"one": [SMALL, SMALL, photos], "many": [many // PLACES] * PLACES}.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), np.array(sizes))
            figures[name] = measured(Path(folder), np.array(sizes), moves, queries, visits)
        click.echo(told(figures[name]))
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")
    if faults := broken(figures):
        raise click.ClickException("; ".join(faults))


def broken(figures: dict[str, dict[str, Any]]) -> list[str]:
    """The limits that are broken."""
    faults = []
    for some in figures.values():
        for what, measure, limit in LIMITS:
            took = some["ms"][what][measure]
            if took > limit:
                faults.append(f"{what}, {measure}, of {some['photos']:,} photos: {took:.0f} ms, {limit} are allowed")
    own, files = figures["many"]["after"]["private_mb"], figures["many"]["vectors_mb"]
    if own >= files:
        faults.append(f"the server's own memory, {own:,.0f} MB, is no less than the vectors, {files:,.0f} MB")
    return faults


def told(figures: dict[str, Any]) -> str:
    """The figures of one catalog."""
    start, after = figures["at_start"], figures["after"]
    table = [["milliseconds", "median", "95 of 100", "worst", "of"]]
    for what, times in figures["ms"].items():
        table.append([what, *(round(times[name]) for name in ("median", "p95", "worst", "count"))])
    return (
        f"{figures['photos']:,} photos, the largest partition {figures['largest']:,}:"
        f" {figures['started_s']:.1f} s from the command to the page; the server's own memory"
        f" {start['private_mb']:,.0f} MB of {start['rss_mb']:,.0f} at the start, {after['private_mb']:,.0f} of"
        f" {after['rss_mb']:,.0f} at the end, beside {figures['vectors_mb']:,.0f} MB of vectors;"
        f" {figures['changed']:.0%} of the moves changed the photos found\n{rows.text(table)}"
    )


def make(root: Path, sizes: np.ndarray) -> None:
    """A project whose photos are recommended."""
    rng = np.random.default_rng(1)
    row = np.arange(sizes.sum())
    values = {name: rng.integers(0, count, len(row)) for name, count in ATTRIBUTES.items()}
    catalog = collection("photo", row, np.repeat(np.arange(len(sizes)), sizes), row, "catalog", values)
    catalog.write(root / CATALOG / TABLE)
    pictures = [encode(drawn(index), 90) for index in range(_DRAWN)]
    write_store(root / CATALOG / STORE, ((name, pictures[at % _DRAWN]) for at, name in enumerate(catalog.image_id)))
    scales = {}
    for name, width in WIDTHS.items():
        vectors = clustered(rng, len(row), width, name)
        some = prepare(name, vectors[rng.integers(0, len(row), 2000)])
        scales[name] = float(np.median(np.linalg.norm(some[:1000] - some[1000:], axis=1)))
        Vectors(catalog.image_id, vectors, {"descriptor": name}).write(root / FEATURES / f"{name}.arrow")
    Similarity(WEIGHTS, scales).write(root / SIMILARITY)
    shutil.copy(PROFILE, root / "params.yaml")


def drawn(index: int) -> np.ndarray:
    """A product of the rendered sample, (160, 120, 3)."""
    look_rng, photo_rng = generators(1, DRAWN, index, 2)
    turn, place = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[place]
    look = product(gender, category, turn + 31 * place, _SIDE, look_rng).look
    return catalog_photo(look, category, gender, 0, _SIDE, photo_rng)[:, _CROP:-_CROP]


def clustered(rng: np.random.Generator, count: int, width: int, name: str) -> np.ndarray:
    """Vectors (count, width) as the features leave them: no value below 0, unit length or, of colours, a sum of 1."""
    values = np.empty((count, width), np.float32)
    centres = 1.5 * rng.standard_normal((_CLUSTERS, width), np.float32)
    for start in range(0, count, _BLOCK):
        block = values[start : start + _BLOCK]
        rng.standard_normal(out=block, dtype=np.float32)
        block += centres[rng.integers(0, _CLUSTERS, len(block))]
        np.abs(block, out=block)
        block /= np.linalg.norm(block, ord=1 if name == "color" else 2, axis=1, keepdims=True)
    return values


def measured(root: Path, sizes: np.ndarray, moves: int, queries: int, visits: int) -> dict[str, Any]:
    """All that is measured of one project."""
    with served(root) as (address, started, process), sync_playwright() as playwright:
        at_start = memory(process)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = [visited(browser, address) for _ in range(visits)]
        figures = {
            "photos": int(sizes.sum()),
            "largest": int(sizes.max()),
            "vectors_mb": sum((root / path).stat().st_size for path in VECTORS) / 2**20,
            "started_s": started,
            "at_start": at_start,
        }
        with page_of(browser, address) as page:
            acts = acted(page, sizes, moves, queries)
        times = {"first paint": spread(opened, "paint"), "all drawn": spread(opened, "ready")}
        for name, some in acts.items():
            times |= {name: spread(some, "cards"), f"{name}, with pictures": spread(some, "pictures")}
        changed = float(np.mean([one["changed"] for one in acts["slider"]]))
        return figures | {"ms": times, "changed": changed, "after": memory(process)}


def acted(page: Page, sizes: np.ndarray, moves: int, queries: int) -> dict[str, list[dict[str, float]]]:
    """The answers to sliders, to clicks on neighbours, and to an id of each partition."""
    rng = np.random.default_rng(1)
    acts: dict[str, list[dict[str, float]]] = {"slider": [], "query": [], "partition": []}
    now = dict(WEIGHTS)
    for number in range(moves):
        name = DESCRIPTORS[number % len(DESCRIPTORS)]
        # Far enough from where it stands to change the weights.
        now[name] = rng.choice([value for value in np.arange(5, 101) / 100 if abs(value - now[name]) > 0.1])
        acts["slider"].append(page.evaluate("([name, value]) => turn(name, value)", [name, str(now[name])]))
    for rank in rng.integers(0, 10, queries):
        acts["query"].append(page.evaluate("(rank) => ask(rank)", int(rank)))
    for first, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True):
        page.fill("#name input, #name textarea", f"photo{first + size // 2:07}")
        acts["partition"].append(page.evaluate("() => show()"))
    return acts


def spread(some: list[dict[str, float]], name: str) -> dict[str, float]:
    """The middle and the slow end of the milliseconds called `name`."""
    values = [one[name] for one in some]
    p95 = float(np.percentile(values, 95))
    return {"median": float(np.median(values)), "p95": p95, "worst": max(values), "count": len(values)}


def visited(browser: Browser, address: str) -> dict[str, float]:
    """Milliseconds from the navigation to the first paint, and to the neighbours with all their pictures."""
    with page_of(browser, address) as page:
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return page.evaluate(f"({{ paint: {paint}, ready }})")


@contextmanager
def page_of(browser: Browser, address: str) -> Iterator[Page]:
    """The page, drawn, in a browser that has never seen it. An error of its code is a failure."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    wrong: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(_IN_PAGE)
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => loaded() && (window.ready = performance.now())", polling="raf")
    yield page
    context.close()
    if wrong:
        raise click.ClickException(f"the page failed: {wrong[0]}")


@contextmanager
def served(project: Path) -> Iterator[tuple[str, float, psutil.Process]]:
    """The address of the page over a project, how many seconds it took from the command to an answer, and the process.

    What the server complains of is printed.
    """
    start, folder = time.perf_counter(), Path(sys.executable).parent
    words = [str(folder / "triplets"), "tune", "--no-open", "--port", "0"]
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    with psutil.Popen(
        words, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if not found:
                click.echo(line, nl=False, err=True)
                raise click.ClickException("the page did not open; its message stands above")
            answering(found[0])
            yield found[0], time.perf_counter() - start, process
        finally:
            process.terminate()
            click.echo(process.stdout.read(), nl=False, err=True)


def answering(address: str) -> None:
    """Wait until the page is there."""
    while True:
        try:
            with urlopen(address) as answer:
                answer.read()
            return
        except URLError:
            time.sleep(0.01)


def memory(process: psutil.Process) -> dict[str, float]:
    """Megabytes of a process: all that is resident, what it maps included, and what is its own."""
    found = process.memory_full_info()
    return {"rss_mb": found.rss / 2**20, "private_mb": found.uss / 2**20}


if __name__ == "__main__":
    main()
