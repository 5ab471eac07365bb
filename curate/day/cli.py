"""The command that lives a day of a catalog: rows in, similar products out."""

import click

from core.cli import Database


@click.command()
@click.argument("target")
@click.option("--to", "kind", type=Database(), required=True, help="Where TARGET is.")
@click.option("--from", "source", type=Database(), help="Where the rows are; else only the table is read.")
@click.option("--rows", help="An ordered query of PostgreSQL, or a collection of MongoDB: see curate snapshot.")
def day(target: str, kind: str, source: str | None, rows: str | None) -> None:
    """Bring the similar products in TARGET up to date: what is new is read, described and compared, all in one go.

    Runs curate snapshot (with --from), curate ingest, features extract, triplets similar --incremental and triplets
    publish, and tells what each did and how long it took. Classifiers, scales and weights stay as they were fitted. A
    step that fails ends the day, less that the lists which were found are published; the same day can be run again.
    Server, user and password come from the environment: PGHOST, PGDATABASE, PGUSER, PGPASSWORD or PGSERVICE;
    MONGODB_URI.

    Example: curate day similar_products --to postgres
    """
    from core.databases.drivers import refuse_address
    from core.errors import InputError
    from core.paths import SIMILAR
    from curate.day.steps import live, steps

    for text, what in ((target, "TARGET"), (rows or "", "--rows")):
        refuse_address(text, what)
    if (source is None) != (rows is None):
        raise InputError("--from and --rows go together. Give both, or none to read curate.ingest.table as it is.")
    for line in live(steps(target, kind, source, rows)):
        click.echo(line)
    click.echo(f"Look at {SIMILAR}, or ask {target} for the list of a product.")
