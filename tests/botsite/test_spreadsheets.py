"""Tables for download: right in any spreadsheet, and no text in them is ever a formula."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest

from botsite.spreadsheets import BOM, csv_download


def cells(*values: object) -> list[str]:
    text = csv_download("t.csv", ["a"], [values]).getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1]


@pytest.mark.parametrize("text", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_is_no_formula(text: str) -> None:
    assert cells(text)[0].startswith("'")


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert cells(-3, Decimal("-0.5"), Decimal("0E-9"), 1.5, None, "plain") == [
        "-3",
        "-0.5",
        "0.000000000",
        "1.5",
        "",
        "plain",
    ]


def test_it_says_that_it_is_utf8_and_what_it_is_called() -> None:
    response = csv_download("costs.csv", ["día"], [])

    assert response.getvalue().decode().startswith(f"{BOM}día")
    assert response["Content-Disposition"] == 'attachment; filename="costs.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"


def test_rows_are_read_while_it_is_sent() -> None:
    read: list[int] = []

    def rows() -> Iterator[list[int]]:
        for number in range(3):
            read.append(number)
            yield [number]

    lines = iter(csv_download("t.csv", ["n"], rows()))
    next(lines)
    assert read == []
    next(lines)
    assert read == [0]
