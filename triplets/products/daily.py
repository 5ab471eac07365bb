"""The lists of a day: all found anew, or those of the last run brought up to date; the bytes are the same."""

from collections.abc import Iterator

import pyarrow as pa

from triplets.products import seen
from triplets.products.changes import Changes, Counts
from triplets.products.last import Last
from triplets.products.ranking import Pairs
from triplets.products.similar import Search, similar
from triplets.products.update import Update


def tables(search: Search) -> Iterator[pa.Table]:
    """All lists, a table of each partition after the other."""
    for found in similar(search):
        yield search.places.lists(found.lists)


def write_all(search: Search, made: seen.Made) -> int:
    """Find and write all lists; return the number of rows.

    Raises:
        TableError: a descriptor's file is missing.
    """
    return seen.write(search, tables(search), search.places.seen(search.described.digests()), made)


def bring_up_to_date(search: Search, last: Last, made: seen.Made) -> tuple[int, Counts, int]:
    """Bring the lists of the last run up to date; return the number of rows, what was new, and of how many partitions.

    Raises:
        TableError: a descriptor's file is missing.
    """
    places, digests, before = search.places, search.described.digests(), last.pairs(search.places)
    changes = Changes.since(last, before, places, digests)
    update = Update.of(places, changes, last, before, search.k)
    lists, nearer = [Pairs.none()], [Pairs.none()]
    for found in similar(search, changes.asked, update.reach):
        fresh = changes.fresh[places.product[found.nearer.theirs]]
        lists.append(found.lists)
        nearer.append(found.nearer.take(fresh))
    today = update.lists(Pairs.concat(lists), Pairs.concat(nearer), search.k)
    rows = seen.write(search, [places.lists(today)], places.seen(digests), made)
    return rows, changes.counts(places, search.missed()), len(places.names) + len(changes.gone)
