"""Text that people typed, made fit to be shown."""

import unicodedata

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sla_watchdog.domain.text.display import (
    LONGEST_CLUSTER,
    columns,
    cut,
    graphemes,
    room,
    tidy,
    units,
)
from sla_watchdog.domain.text.folding import ascii_folded, gsm_folded
from sla_watchdog.presentation.text.layout import whole, wrapped
from sns_limits import septets

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""On a busy machine a test is slow, not wrong."""

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)
"""All of Unicode, with lone surrogates, controls and code points that are no characters."""

NASTY = st.text(
    st.one_of(
        st.sampled_from(
            "\u200d\ufe0f\u0301\u0300\u20dd\u202e\u2066\u00ad\ufeff\x00\r\n\t\u2028\ud800\udfff\ufffe"
        ),
        st.characters(min_codepoint=0x1F1E6, max_codepoint=0x1F1FF),
        st.characters(min_codepoint=0x1F3F3, max_codepoint=0x1F469),
        st.characters(min_codepoint=0x0900, max_codepoint=0x0950),
        st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
        st.sampled_from("aé中ß€{}[]~|^\\ "),
    ),
    max_size=120,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        pytest.param(
            "Down\r\nBcc: all@example.org",
            "Down Bcc: all@example.org",
            id="line breaks, as of a header",
        ),
        pytest.param("a\x00b\x1b[31mc\x85d", "a b [31mc d", id="controls and escapes"),
        pytest.param("a\u2028b\u2029c", "a b c", id="Unicode's own line breaks"),
        pytest.param("invoice\u202efdp.exe", "invoicefdp.exe", id="right-to-left override"),
        pytest.param("\u2066\u200e\u061cx\u2069", "x", id="isolates and marks of direction"),
        pytest.param("soft\u00adhyphen\u200b\ufeff", "softhyphen", id="invisible characters"),
        pytest.param("hidden\U000e0068\U000e0069", "hidden", id="text hidden in tags"),
        pytest.param("\ud83d half", "\ufffd half", id="lone surrogate"),
        pytest.param("x\ufffe\ufdd0", "x\ufffd\ufffd", id="code points that are no characters"),
        pytest.param("  two\u00a0 \u3000 words ", "two words", id="blanks of all kinds"),
        pytest.param("Cafe\u0301", "Café", id="letter and accent become one"),
        pytest.param("Z" + "\u0351" * 200, "Z" + "\u0351" * 8, id="more marks than any script has"),
        pytest.param(FAMILY, FAMILY, id="an emoji joined of four stays"),
        pytest.param(
            "\u0645\u06cc\u200c\u062e",
            "\u0645\u06cc\u200c\u062e",
            id="Persian keeps its non-joiner",
        ),
    ],
)
def test_what_people_typed_becomes_one_readable_line(typed: str, shown: str) -> None:
    assert tidy(typed) == shown


@unhurried
@given(st.one_of(ANYTHING, NASTY))
def test_a_tidied_line_is_clean_whatever_was_typed(typed: str) -> None:
    shown = tidy(typed)
    assert shown == tidy(shown)
    assert unicodedata.is_normalized("NFC", shown)
    assert shown == shown.strip()
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(char) for char in shown} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    }
    shown.encode()


def test_a_text_of_megabytes_costs_nothing() -> None:
    assert len(tidy("\u0301\u0316" * 5_000_000)) <= 8
    assert len(tidy("x" * 10_000_000)) == 2_000


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param("e\u0301", id="letter and accent"),
        pytest.param(FAMILY, id="family of four"),
        pytest.param("\U0001f44d\U0001f3fd", id="skin tone"),
        pytest.param("❤\ufe0f", id="heart shown as emoji"),
        pytest.param(FLAG, id="flag"),
        pytest.param("\u0915\u094d\u0937\u093f", id="Hindi conjunct"),
        pytest.param("\u1112\u1161\u11ab", id="Korean syllable in letters"),
        pytest.param("\u0e01\u0e33", id="Thai vowel"),
        pytest.param("1\ufe0f\u20e3", id="keycap"),
    ],
)
def test_what_readers_take_for_one_character_is_never_parted(whole: str) -> None:
    assert list(graphemes(whole)) == [whole]
    assert list(graphemes(f"a{whole}b")) == ["a", whole, "b"]
    for limit in range(1, 1 + room(whole)):
        assert cut(f"{whole}{whole}", limit) in ("…", f"{whole}…")


def test_flags_are_parted_in_pairs() -> None:
    assert list(graphemes(FLAG * 3)) == [FLAG] * 3


_ASSIGNED = st.one_of(ANYTHING, NASTY).map(
    lambda typed: "".join(
        char for char in tidy(typed) if unicodedata.category(char) not in ("Cn", "Co")
    )
)


@unhurried
@given(_ASSIGNED)
def test_every_cut_is_where_unicode_allows_one(shown: str) -> None:
    """The oracle is the package regex, whose \\X follows UAX 29; only an endless cluster is parted
    elsewhere.
    """
    allowed = {found.end() for found in regex.finditer(r"\X", shown)}
    end = 0
    for cluster in graphemes(shown):
        end += len(cluster)
        assert end in allowed or len(cluster) == LONGEST_CLUSTER


@unhurried
@given(st.one_of(ANYTHING, NASTY), st.integers(0, 99))
def test_a_cut_text_fits_and_is_a_beginning(typed: str, limit: int) -> None:
    shown = tidy(typed)
    for measure in (units, columns, room):
        kept = cut(shown, limit, measure)
        assert measure(kept) <= limit
        assert kept == shown or shown.startswith(kept.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Zoë's Straße in Łódź", "Zoe's Strasse in Lodz", id="accents and letters"),
        pytest.param("“Quoted” – it’s 5 € … ½", '"Quoted" - it\'s 5 EUR ... 1/2', id="signs"),
        pytest.param("页面 page 仍然", "? page ?", id="what has no ASCII form, once a run"),
        pytest.param("  kept:\n\tlayout", "  kept:\n\tlayout", id="layout"),
        pytest.param("❤\ufe0f" + FAMILY, "?", id="emoji"),
    ],
)
def test_folding_to_ascii_spells_out_what_it_can(text: str, folded: str) -> None:
    assert ascii_folded(text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param(
            "Übergrößenträger é à ñ £5 €",
            "Übergrößenträger é à ñ £5 €",
            id="letters that an SMS has",
        ),
        pytest.param("ç ê ő š “x” `y`", "c e o s \"x\" 'y'", id="letters that it has not"),
        pytest.param("Δ Ω λ", "Δ Ω ?", id="Greek capitals alone"),
    ],
)
def test_folding_for_sms_keeps_the_letters_of_gsm(text: str, folded: str) -> None:
    assert gsm_folded(text) == folded


@unhurried
@given(st.one_of(ANYTHING, NASTY))
def test_folding_never_leaves_a_character_that_its_reader_lacks(typed: str) -> None:
    assert ascii_folded(tidy(typed)).isascii()
    assert septets(gsm_folded(tidy(typed))) is not None


@unhurried
@given(st.one_of(ANYTHING, NASTY), st.sampled_from(["", "  ", " " * 30]))
def test_lines_never_pass_the_margin(typed: str, indent: str) -> None:
    shown = tidy(typed)
    lines = wrapped(shown, indent=indent)
    assert all(columns(line) <= 72 for line in lines)
    assert all(line.startswith(indent) for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


def test_a_time_is_not_torn_apart_at_the_end_of_a_line() -> None:
    text = f"{'x' * 60} ({whole('6 h 10 m over')}) and"
    assert wrapped(text) == ["x" * 60, "(6 h 10 m over) and"]
