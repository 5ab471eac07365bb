import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.swatches import PATTERNS
from features.keywords import pattern_in, pattern_of, words

KEYWORDS = {
    "solid": ("solid", "plain"),
    "striped": ("striped", "stripe", "stripes", "rayé"),
    "checked": ("checked", "check", "plaid", "チェック"),
    "polka_dot": ("polka dot", "polka dots", "dotted"),
    "printed": ("print", "graphic"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Striped shirt", "striped"),
        ("STRIPED-SHIRT", "striped"),
        ("shirt_striped_2024", "striped"),
        ("Breton stripes, 3/4 sleeve", "striped"),
        ("pinstriped suit", None),  # no keyword of these stands in it as a whole word
        ("checkout bag", None),
        ("Check!", "checked"),
        ("robe raye\u0301", "striped"),
        ("ROBE RAYÉ", "striped"),
        ("robe rayee", None),
        ("チェック シャツ", "checked"),
        ("ﬁne ﬆripe dress", "striped"),  # ligatures
        ("polka dot dress", "polka_dot"),
        ("Polka-Dot  Dress", "polka_dot"),
        ("polka band, dot com", None),
        ("dot polka", None),
        ("striped and stripe", "striped"),  # two keywords of one pattern
        ("striped shirt with plaid cuffs", None),  # two patterns
        ("plain, not striped", None),
        ("graphic print", "printed"),
        ("", None),
        ("—", None),
    ],
)
def test_a_text_tells_the_one_pattern_that_it_names(text, expected):
    assert pattern_in([text], KEYWORDS) == expected


def test_several_texts_speak_together_but_words_of_two_do_not_join():
    assert pattern_in(["linen shirt", "striped"], KEYWORDS) == "striped"
    assert pattern_in(["striped shirt", "plaid"], KEYWORDS) is None
    assert pattern_in(["polka", "dot"], KEYWORDS) is None
    assert pattern_in([], KEYWORDS) is None


def test_an_empty_keyword_stands_nowhere():
    assert pattern_in(["anything", ""], {"solid": ("", "-", "  ")}) is None
    assert pattern_in(["anything"], {}) is None


@given(
    st.text(alphabet=string.ascii_letters + " -_,.é", max_size=40), st.sampled_from(["striped", "plaid", "polka dot"])
)
def test_case_accents_and_punctuation_change_nothing(text, phrase):
    told = pattern_in([f"{text} {phrase}"], KEYWORDS)
    assert told == pattern_in([f"{text.upper()}-{phrase.upper()}"], KEYWORDS)
    assert told == pattern_in([f"({text.replace('é', 'e')}) {phrase}!"], KEYWORDS)


@given(st.text(max_size=60))
def test_words_are_bare_and_stay_themselves(text):
    found = words(text)
    assert all(word and "_" not in word and not word.isspace() for word in found)
    assert words(" ".join(found)) == found


@given(st.lists(st.sampled_from(["navy", "shirt", "stripe", "plaid", "plain", "dotted", "dot", "polka"]), max_size=6))
def test_as_a_search_with_spaces_around_finds_it(spoken):
    text = f" {' '.join(spoken)} "
    named = [pattern for pattern, phrases in KEYWORDS.items() if any(f" {phrase} " in text for phrase in phrases)]
    assert pattern_in([text], KEYWORDS) == (named[0] if len(named) == 1 else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("striped", "striped"),
        ("Striped", "striped"),
        ("Stripes", "striped"),
        ("polka_dot", "polka_dot"),
        ("Polka Dot", "polka_dot"),
        ("plain", "solid"),
        ("floral", "floral"),
        ("Floral print", "Floral print"),  # says more than a keyword
        ("vertical stripes", "vertical stripes"),
        ("paisley", "paisley"),
        ("", ""),
        ("?", "?"),
    ],
)
def test_a_value_of_the_column_takes_the_spelling_of_its_pattern(value, expected):
    assert pattern_of(value, PATTERNS, KEYWORDS) == expected


def test_a_value_that_two_patterns_claim_stays_itself():
    assert pattern_of("spots", PATTERNS, {"printed": ("spots",), "polka_dot": ("Spots",)}) == "spots"
    assert pattern_of("Melange", PATTERNS, {}) == "melange"
