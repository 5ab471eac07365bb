"""The command that writes the similar products to a database."""

import click

from core.cli import Database


@click.command()
@click.argument("target")
@click.option("--to", "kind", type=Database(), required=True, help="The database.")
def publish(target: str, kind: str) -> None:
    """Make TARGET, a table of PostgreSQL or a collection of MongoDB, hold the similar products that stand in data/.

    All of them appear at once, or none; a second run leaves the same. Server, user and password come from the
    environment: PGHOST, PGDATABASE, PGUSER, PGPASSWORD or PGSERVICE; MONGODB_URI.

    Example: triplets publish --to postgres similar_products
    """
    from importlib import import_module

    from core.databases.drivers import refuse_address
    from core.paths import SIMILAR

    refuse_address(target, "TARGET")
    done = import_module(f"triplets.published.{kind}").publish(SIMILAR, target)
    click.echo(
        f"{done.rows:,} similar products in {target} of {kind}: {done.written:,} written, {done.removed:,} removed."
    )
