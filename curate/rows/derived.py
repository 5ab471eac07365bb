"""The columns that `curate.ingest.derive` adds to those of the table."""

from collections.abc import Mapping

from curate.params import Constant, Join, Lower
from curate.rows.cells import Cell, Row, values

Rule = Constant | Lower | Join


class Derived:
    """Columns made of the cells of a row as they stand, in order: a later one may use an earlier one."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules

    def names(self) -> dict[str, str]:
        """The new columns, by the parameter that makes them."""
        return {f"derive.{name}": name for name in self._rules}

    def needed(self) -> dict[str, str]:
        """The columns of the table that they are made of, by the parameter that names them."""
        needed: dict[str, str] = {}
        made: set[str] = set()
        for name, rule in self._rules.items():
            if isinstance(rule, Lower):
                read = {f"derive.{name}": rule.lower}
            else:
                read = {f"derive.{name}.{one}": one for one in (rule.join if isinstance(rule, Join) else ())}
            needed |= {parameter: column for parameter, column in read.items() if column not in made}
            made.add(name)
        return needed

    def add(self, row: Row) -> Row:
        """The row with its new columns."""
        if not self._rules:
            return row
        full = dict(row)
        for name, rule in self._rules.items():
            full[name] = _made(rule, full)
        return full


def _made(rule: Rule, row: Row) -> Cell:
    if isinstance(rule, Constant):
        return rule.constant
    if isinstance(rule, Lower):
        cell = row[rule.lower]
        return cell.lower() if isinstance(cell, str) else [value.lower() for value in cell]
    return rule.by.join(value for column in rule.join for value in values(row[column]) if value)
