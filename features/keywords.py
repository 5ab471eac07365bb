"""Words that tell a pattern: weak labels from the text of a product, and one spelling for values of the column."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

# Letters and digits; an underscore parts words as a hyphen does.
_WORD = re.compile(r"[^\W_]+")

Keywords = Mapping[str, Sequence[str]]


def words(text: str) -> tuple[str, ...]:
    """The words of `text` in lower case, without accents: `Café-Noir` gives `cafe` and `noir`."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in parted if not unicodedata.combining(character))
    return tuple(_WORD.findall(bare.casefold()))


def pattern_in(texts: Iterable[str], keywords: Keywords) -> str | None:
    """The one pattern of which a keyword stands in `texts`, as a whole word or as words in a row.

    None where there is no keyword, and where keywords of several patterns stand: such a text may speak of a trim.
    """
    spoken = [words(text) for text in texts]
    named = [
        pattern
        for pattern, phrases in keywords.items()
        if any(_stands(words(phrase), text) for phrase in phrases for text in spoken)
    ]
    return named[0] if len(named) == 1 else None


def pattern_of(value: str, patterns: Sequence[str], keywords: Keywords) -> str:
    """The pattern among `patterns` that a value of the pattern column is another spelling of, or the value itself.

    Another spelling has the words of the pattern's own name, or of a keyword that no other pattern has: `Stripes` is
    `striped`. A value that says more, such as `Floral print`, is a class of its own.
    """
    if value in patterns:
        return value
    said = words(value)
    meant = [name for name in patterns if said in [words(phrase) for phrase in (name, *keywords.get(name, ()))]]
    return meant[0] if said and len(meant) == 1 else value


def _stands(phrase: tuple[str, ...], text: tuple[str, ...]) -> bool:
    length = len(phrase)
    return length > 0 and any(text[start : start + length] == phrase for start in range(len(text) - length + 1))
