"""Cells: no text of anybody becomes a formula in a spreadsheet, and every text can be read back."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.application.csv_cells import cell, text_of

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212\u207c\u207a\u207b"
UNSEEN = " \t\n\r\v\f\x00\x1b\x85\xa0\u200b\u200e\u2028\u2029\ufeff\u0301\"'"
SEPARATORS = ",;|\t\n\r\u2028"

texts = st.text(st.sampled_from(SIGNS + UNSEEN + SEPARATORS + "x1"), max_size=12)
"""Texts of the characters that matter."""


@pytest.mark.rule("M-21")
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", *UNSEEN, *SEPARATORS, "hej;", "hej, ", 'hej;"', "\n ;\t", "x\n", "'", ";''"])
def test_no_formula_begins_a_cell(before: str, sign: str) -> None:
    """Otherwise what a patient wrote would be run by the spreadsheet of whoever opens the export."""
    shown = cell(f"{before}{sign}40+2")
    assert f"{before}'{sign}40+2" == shown.removeprefix("'" if before[:1] in "\t\n\r" and before else "")
    assert f"{before}{sign}40+2" == text_of(shown)


def test_a_text_that_no_export_wrote_is_read_as_it_is() -> None:
    """Otherwise a cell that somebody has filled in by hand would lose a character."""
    assert "x;=1+2" == text_of("x;=1+2")


@pytest.mark.rule("M-21")
@given(texts, texts)
def test_no_reader_finds_a_formula(one: str, other: str) -> None:
    """Otherwise a spreadsheet with another separator would find the formula where a comma would not begin a cell."""
    file = StringIO(newline="")
    csv.writer(file).writerows([["id", cell(one), "-7", cell(other), "0"]] * 2)
    for separator in ",;\t|":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(StringIO(file.getvalue(), newline=""), delimiter=separator, quoting=quoting):
                found = [text for text in row if text.strip(UNSEEN.replace("'", "")).startswith(tuple(SIGNS))]
                assert [] == [text for text in found if text != "-7"]


@pytest.mark.rule("M-21")
@given(texts | st.text())
def test_every_text_is_read_back(text: str) -> None:
    """Otherwise nobody could tell what a patient wrote from what the export added."""
    assert text == text_of(cell(text))


@pytest.mark.rule("M-21")
@pytest.mark.parametrize(
    "text", ["", "Hej", "a - b, 3-4", "a@b.example", "SE2321000131-P1", "kl. 9-10; 3", "'n'", "1+1"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    """Otherwise ids and addresses would have apostrophes, and fit nothing that they are compared with."""
    assert text == cell(text)


@pytest.mark.parametrize(
    ("expected", "value"),
    [("", None), ("7", 7), ("-7.5", -7.5), ("a b", ("a", "b")), ("'=a -b", ("=a", "-b")), ("'\tx", "\tx")],
)
def test_cell(expected: str, value: float | str | tuple[str, ...] | None) -> None:
    """A number stays a number, and only text is guarded."""
    assert expected == cell(value)
