"""Lists come in pieces of any size, from any spreadsheet."""

import csv
import gzip
import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.consent.imports.columns import Column, HeaderFault, act_called, column_called, columns_of
from app.consent.imports.reading import MOST_LETTERS, ListReader, MalformedListError, Row, Unpacking


def read(data: bytes, *cuts: int, charset: str = "utf-8") -> list[Row]:
    reader = ListReader(charset)
    rows: list[Row] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for first, last in itertools.pairwise(edges):
        rows += reader.feed(data[first:last])
    return rows + reader.feed(b"", last=True)


CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00").filter(lambda one: one != "\ufeff"),
    max_size=8,
)


@settings(max_examples=200)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.integers(0, 10_000), max_size=5),
)
def test_what_a_spreadsheet_wrote_is_read_back_however_it_is_cut(
    rows: list[list[str]], delimiter: str, ending: str, bom: bytes, cuts: list[int]
) -> None:
    header = ["phone", "occurred_at", "name", "place"]
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=ending).writerows([header, *rows])
    found = [row.cells for row in read(bom + written.getvalue().encode(), *cuts)]
    expected = [row for row in rows if any(cell.strip(" \t" + delimiter) or "\n" in cell for cell in row)]
    blank = [row for row in rows if row not in expected]
    assert found[0] == header
    assert [row for row in found[1:] if row not in blank] == [row for row in expected if row not in blank]


def test_lines_are_those_of_the_file() -> None:
    text = 'phone,name\n\n1,"a\r\n\r\nb"\n\n , \n2,"say ""hi"""\n3,5" screen\n'
    assert read(text.encode()) == [
        (1, ["phone", "name"]),
        (3, ["1", "a\n\nb"]),
        (8, ["2", 'say "hi"']),
        (9, ["3", '5" screen']),
    ]


def test_excel_may_name_its_separator_first() -> None:
    assert read(b"sep=;\nphone;name\n1;a,b\n")[1] == (3, ["1", "a,b"])


def test_last_line_needs_no_end() -> None:
    assert read(b"phone\n1") == [(1, ["phone"]), (2, ["1"])]


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"phone\n\xff", "encoding", "line 2"),
        (b"phone\n1\n\xc3", "encoding", "line 3"),
        (b'phone\n"1', "malformed_csv", "line 2"),
        (b'phone\n1\n"1\n2\n3', "malformed_csv", "line 3"),
        (b"phone\n" + b"1" * (MOST_LETTERS + 1), "malformed_csv", "begins in line 2"),
        (b'phone\n"' + b"1\n" * MOST_LETTERS, "malformed_csv", "begins in line 2"),
        (b"phone\n1\ra,b\n", "malformed_csv", "line 2"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(data: bytes, code: str, place: str) -> None:
    with pytest.raises(MalformedListError, match=place) as refused:
        read(data)
    assert refused.value.code == code


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        rows = read(data, 3, 50)
    except MalformedListError:
        return
    assert all(row.line >= 1 for row in rows)


@given(st.binary(max_size=5000), st.integers(1, 5000), st.integers(1, 600))
def test_gzip_of_several_members_is_unpacked_piece_by_piece(data: bytes, half: int, size: int) -> None:
    packed = gzip.compress(data[:half]) + gzip.compress(data[half:])
    unpacking = Unpacking()
    found = [piece for at in range(0, len(packed), size) for piece in unpacking.feed(packed[at : at + size])]
    assert b"".join([*found, *unpacking.finish()]) == data


def test_a_bomb_comes_out_in_small_pieces() -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    assert max(len(piece) for piece in Unpacking().feed(packed)) <= 64 * 1024


def test_gzip_that_ends_early_is_refused() -> None:
    unpacking = Unpacking()
    list(unpacking.feed(gzip.compress(b"phone\n" * 100)[:-9]))
    with pytest.raises(MalformedListError):
        list(unpacking.finish())


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("TELEFON", Column.PHONE),
        ("İzin Tarihi", Column.OCCURRED_AT),
        ("izin_tarihi", Column.OCCURRED_AT),
        ("IZIN TARIHI", Column.OCCURRED_AT),
        ("Müşteri Adı", Column.NAME),
        ("Wording-Version", Column.WORDING_VERSION),
        ("ip adresi", Column.ADDRESS),
        ("İŞLEM", Column.ACT),
        ("şube", Column.PLACE),
        ("colour", None),
        ("", None),
    ],
)
def test_columns_have_names_in_two_languages(name: str, column: Column | None) -> None:
    assert column_called(name) is column


@pytest.mark.parametrize("column", Column)
def test_a_column_is_known_by_its_own_name(column: Column) -> None:
    assert column_called(column.value) is column


@pytest.mark.parametrize(("name", "act"), [("ONAY", "opt_in"), ("ret", "opt_out"), ("Opt-Out", "opt_out"), ("x", None)])
def test_acts_are_called_as_in_the_register(name: str, act: str | None) -> None:
    assert act_called(name) == act


def test_every_column_that_is_not_known_is_named_at_once() -> None:
    with pytest.raises(ExceptionGroup) as refused:
        columns_of(["phone", "colour", "telefon", "taste"])
    faults = [fault for fault in refused.value.exceptions if isinstance(fault, HeaderFault)]
    assert [(fault.place, fault.code) for fault in faults] == [
        (1, "unknown_column"),
        (2, "repeated_column"),
        (3, "unknown_column"),
    ]
