"""Reading a list as it comes in, piece by piece: bytes to lines, lines to rows, and no more of it at once. Pure."""

import codecs
import csv
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.consent.imports.columns import column_called

MOST_LETTERS = 256 * 1024
"""Of one row. A quotation mark that is never closed makes one row of the rest of the file."""

DELIMITERS = (",", ";", "\t")
"""A Turkish Excel writes semicolons, since the comma is in its numbers."""

CHARSETS = {"utf-8": "utf-8-sig", "cp1254": "cp1254", "iso8859-9": "iso8859-9"}
"""By the name that Python has for them. A BOM at the beginning of UTF-8 is no part of the text."""

_CLOSED = re.compile(r'(?>(?:[^"]+|"")*)"')
"""From inside a quoted cell to its end: two quotation marks are one that belongs to it."""

_SEPARATOR = re.compile(r"sep=([,;\t])", re.IGNORECASE)
"""Which Excel writes and reads as a line before the header."""


class MalformedListError(ValueError):
    """The file as a whole cannot be read; the message says where."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Row(NamedTuple):
    line: int
    """Of the file, from 1: where the row begins."""
    cells: list[str]


class Unpacking:
    """Takes gzip apart without ever giving out more than the caller is ready for."""

    _PIECE = 64 * 1024

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Raises MalformedListError."""
        try:
            while packed:
                if self._member.eof:  # files of several members are one file
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                piece = self._member.decompress(packed, self._PIECE)
                packed = self._member.unconsumed_tail or self._member.unused_data
                if piece:
                    yield piece
        except zlib.error as error:
            raise MalformedListError("not_gzip", "is not gzip, though its Content-Encoding says so") from error

    def finish(self) -> Iterator[bytes]:
        """What is still inside. Raises MalformedListError."""
        while not self._member.eof:
            piece = self._member.decompress(b"", self._PIECE)
            if not piece:
                raise MalformedListError("not_gzip", "ends in the middle of its gzip stream")
            yield piece


class ListReader:
    """Give it the file's bytes in pieces of any size. The first row that comes out is the header."""

    def __init__(self, charset: str = "utf-8") -> None:
        self._charset = charset
        self._decoder = codecs.getincrementaldecoder(CHARSETS[codecs.lookup(charset).name])("strict")
        self._delimiter: str | None = None
        self._rest = ""
        """The beginning of a line whose end has not come."""
        self._record: list[str] = []
        """Lines of a row that goes on: a cell of it holds line breaks."""
        self._letters = 0
        self._line = 0

    def feed(self, piece: bytes, *, last: bool = False) -> list[Row]:
        """Rows that are complete now; lines without anything are none. Raises MalformedListError."""
        try:
            text = self._decoder.decode(piece, last)
        except UnicodeDecodeError as error:
            line = self._line + error.object[: error.start].count(b"\n") + 1
            message = f"line {line} is not text in {self._charset}; save the list as “CSV UTF-8”"
            raise MalformedListError("encoding", message) from error
        *lines, self._rest = (self._rest + text).split("\n")
        if last and self._rest:
            lines.append(self._rest)
            self._rest = ""
        records = self._records(lines)
        if len(self._rest) + self._letters > MOST_LETTERS:
            raise self._too_long()
        if last and self._record:
            message = f"line {self._line - len(self._record) + 1}: a quotation mark is opened and never closed"
            raise MalformedListError("malformed_csv", message)
        return self._rows(records)

    def _records(self, lines: Sequence[str]) -> list[tuple[int, str]]:
        records = []
        for one in lines:
            self._line += 1
            line = one.removesuffix("\r")
            if self._delimiter is None and not self._begins(line):
                continue
            self._record.append(line)
            self._letters += len(line) + 1
            if self._letters > MOST_LETTERS:
                raise self._too_long()
            if not self._goes_on(line, inside=len(self._record) > 1):
                text = "\n".join(self._record)
                if text.strip(f" \t{self._delimiter}"):
                    records.append((self._line - len(self._record) + 1, text))
                self._record, self._letters = [], 0
        return records

    def _begins(self, line: str) -> bool:
        """Whether the line is the header, which tells the delimiter; before it stands at most Excel's word."""
        named = _SEPARATOR.fullmatch(line.strip("\ufeff"))
        if named is not None:
            self._delimiter = named[1]
            return False
        if not line.strip():
            return False
        self._delimiter = max(DELIMITERS, key=lambda one: _known_in(line, one))
        return True

    def _goes_on(self, line: str, *, inside: bool) -> bool:
        """Whether the row does not end with this line: it ends within quotation marks."""
        if '"' not in line:
            return inside
        position = 0
        while True:
            if inside or line.startswith('"', position):
                closed = _CLOSED.match(line, position if inside else position + 1)
                if closed is None:
                    return True
                position, inside = closed.end(), False
            position = line.find(self._delimiter or ",", position) + 1
            if position == 0:
                return False

    def _rows(self, records: Sequence[tuple[int, str]]) -> list[Row]:
        reader = csv.reader([text for _, text in records], delimiter=self._delimiter or ",")
        rows: list[Row] = []
        try:
            for cells in reader:
                rows.append(Row(records[len(rows)][0], cells))
        except csv.Error as error:
            raise MalformedListError("malformed_csv", f"line {records[len(rows)][0]}: {error}") from error
        return rows

    def _too_long(self) -> MalformedListError:
        begins = self._line - len(self._record) + 1
        message = f"the row that begins in line {begins} is too long; is a quotation mark never closed?"
        return MalformedListError("malformed_csv", message)


def _known_in(line: str, delimiter: str) -> tuple[int, int]:
    """How many columns a header has by this delimiter that we know, and how many at all."""
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return sum(column_called(cell) is not None for cell in cells), len(cells)
