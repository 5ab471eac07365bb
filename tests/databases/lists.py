"""Lists of similar products for tests, without any photo, and the command that publishes them."""

from click.testing import CliRunner

from core.paths import SIMILAR
from core.tables import Similar
from triplets.cli import main


def similar(products, partition="women/tops", length=3, distance=0.1):
    """A list of `length` for each product, of those after it."""
    rows = [
        {
            "partition": partition,
            "product_id": product,
            "rank": rank,
            "similar_id": products[(place + rank) % len(products)],
            "image_id": f"{product}-{rank}",
            "similar_image_id": f"{products[(place + rank) % len(products)]}-1",
            "distance": distance * rank,
            "structure": 1 / 3,
            "pattern": 1e-8,
            "color": 16777217.0,
        }
        for place, product in enumerate(products)
        for rank in range(1, length + 1)
    ]
    return Similar.from_rows(rows)


def write(*tables):
    Similar.concat(tables).write(SIMILAR)


def rows_of(table):
    """As a database gives them, sorted."""
    columns = [getattr(table, name).tolist() for name in Similar.columns()]
    return sorted(zip(*columns, strict=True))


def publish(target="similar_products", to="postgres"):
    return CliRunner().invoke(main, ["publish", "--to", to, target])


def failure(done):
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    return done.stderr.splitlines()[-1]
