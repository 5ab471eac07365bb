"""The command that writes the rows of a database to the catalog table."""

from pathlib import Path

import click

from core.cli import Database, params_option


@click.command()
@click.argument("rows")
@click.option("--from", "kind", type=Database(), required=True, help="The database.")
@params_option
def snapshot(rows: str, kind: str, params_path: Path) -> None:
    """Write ROWS of a database to the file that curate.ingest.table names: a .csv of PostgreSQL, a .jsonl of MongoDB.

    ROWS is an ordered query of PostgreSQL, or a collection of MongoDB. Server, user and password come from the
    environment: PGHOST, PGDATABASE, PGUSER, PGPASSWORD or PGSERVICE; MONGODB_URI. The file is replaced as a whole or
    not at all, so that dvc repro runs again where a row has changed.

    Example: curate snapshot --from postgres "SELECT * FROM products ORDER BY added, sku"
    """
    from importlib import import_module

    from core.databases.drivers import refuse_address
    from core.errors import InputError
    from core.params import load
    from core.paths import SAMPLE
    from curate.params import IngestParams

    refuse_address(rows, "ROWS")
    table = Path(load(params_path, "curate.ingest", IngestParams).table)
    taker = import_module(f"curate.snapshots.{kind}")
    if table.suffix.lower() != taker.ENDING:
        raise InputError(f"curate.ingest.table must end in {taker.ENDING} for rows of {kind}. Received: {table}")
    if SAMPLE in table.parents:
        raise InputError(f"{table} is the rendered sample. Name a file of your own in curate.ingest.table.")
    count = taker.snapshot(rows, table)
    click.echo(f"{count:,} rows in {table}.")
