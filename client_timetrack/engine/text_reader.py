"""Read a delimited text file as a table of the import, record by record, without Odoo.

The file is never held as a whole: a first look finds its encoding, and whoever iterates over the records reads it
again from its beginning, as often as needed.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from .csv_import import BLANKS, FileError, Table

DELIMITERS = (",", ";", "\t", "|")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK = 1 << 18
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def read_csv(source: bytes | BinaryIO, delimiter: str = "", encoding: str = "auto") -> Table:
    """Read a delimited file; quoted cells may hold delimiters and line breaks.

    :param source: the bytes, or a binary file that can be read again from its beginning; it stays the caller's to close
    :param delimiter: one character; empty to find it from the header
    :raise FileError: ``encoding``, ``empty`` or ``bad_header``
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    used, guessed = find_encoding(file, encoding)
    skipped, declared, first = _find_header(file, used)
    records = TextRecords(file, used, delimiter or declared or sniff_delimiter(first), skipped)
    line, header, problem = next(records.with_header(), (0, [], "bad_quote"))
    if problem:
        raise FileError("bad_header", line=line)
    notices = [("guessed_encoding", {"encoding": used})] if guessed else []
    return Table([name.strip(BLANKS) for name in header], records, used, records.delimiter, notices)


def find_encoding(file: BinaryIO, encoding: str = "auto") -> tuple:
    """The encoding of a file.

    ``auto`` takes a byte order mark at its word, then UTF-8, then Windows-1252 and, where that has holes, Latin-1,
    in which every byte means something.

    :return: name of the encoding, whether it was guessed
    :raise FileError: ``encoding`` if the bytes are not in the encoding that was asked for
    """
    file.seek(0)
    start = file.read(4)
    marked = next((name for bom, name in BOMS if start.startswith(bom)), None)
    if encoding and encoding != "auto":
        # the mark is no part of the text
        asked = marked if marked and codecs.lookup(encoding).name in marked else encoding
        return _checked(file, asked), False
    if marked:
        return _checked(file, marked), False
    for name in ("utf-8", "cp1252"):
        if _reads(file, name):
            return name, name != "utf-8"
    return "latin-1", True


def _checked(file: BinaryIO, name: str) -> str:
    if not _reads(file, name):
        raise FileError("encoding", encoding=name)
    return name


def _reads(file: BinaryIO, name: str) -> bool:
    """Whether all bytes mean something in an encoding."""
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def sniff_delimiter(line: str) -> str:
    """The delimiter that splits a header line into most cells, quoted text left out; a comma if none does.

    >>> sniff_delimiter('Date;"Hours, worked";Employee')
    ';'
    """
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def _find_header(file: BinaryIO, encoding: str) -> tuple:
    """How many lines come before the header, the delimiter that one of them declares, and the header's first line.

    :raise FileError: ``empty``
    """
    declared = ""
    for skipped, line in enumerate(_lines(file, encoding)):
        said = _SEP_LINE.fullmatch(line)
        if said:
            declared = said.group(1)
        elif line.strip(BLANKS):
            return skipped, declared, line
    raise FileError("empty")


def _lines(file: BinaryIO, encoding: str) -> Iterator:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        # not "yield from", which would close the file where somebody stops early
        for line in text:  # noqa: UP028
            yield line
    finally:
        # else the file would be closed with the wrapper; its owner may have closed it already
        with suppress(ValueError):
            text.detach()


class TextRecords:
    """The records of a file behind its header: (line of the file on which it starts, cells, problem code or None)."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str, skipped: int):
        self.file = file
        self.encoding = encoding
        self.delimiter = delimiter
        self.skipped = skipped

    def __iter__(self) -> Iterator:
        records = self.with_header()
        next(records)
        yield from records

    def with_header(self) -> Iterator:
        """Yield the header, then the records; blank lines are passed over."""
        lines = _lines(self.file, self.encoding)
        for _number in range(self.skipped):
            next(lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            line = reader.line_num + self.skipped + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # the reader starts afresh on the next line; an open quote has eaten all the rest
                reasons = {"unexpected end": "open_quote", "field larger": "long_cell"}
                yield line, [], next((code for text, code in reasons.items() if text in str(error)), "bad_quote")
                continue
            if any(cell.strip(BLANKS) for cell in cells):
                yield line, cells, None
