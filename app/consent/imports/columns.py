"""What the columns of a list are called, in English and Turkish, and what an act is called in them. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from app.consent.fold import Act
from app.consent.keywords import folded


class Column(StrEnum):
    PHONE = "phone"
    BSUID = "bsuid"
    ACT = "act"
    TOPICS = "topics"
    OCCURRED_AT = "occurred_at"
    ORIGINAL_SOURCE = "original_source"
    PLACE = "place"
    ACTOR = "actor"
    WORDING = "wording"
    WORDING_VERSION = "wording_version"
    LANGUAGE = "language"
    NAME = "name"
    ADDRESS = "address"


_CALLED = {
    Column.PHONE: (
        "phone | phone number | mobile | msisdn | telefon | telefon no | telefon numarası | cep | cep telefonu | gsm | "
        "gsm no"
    ),
    Column.BSUID: "bsuid | user id",
    Column.ACT: "act | consent | işlem | izin | izin durumu | onay durumu",
    Column.TOPICS: "topics | topic | konular | konu",
    Column.OCCURRED_AT: "occurred at | date | consent date | izin tarihi | onay tarihi | tarih",
    Column.ORIGINAL_SOURCE: "original source | source | kaynak | izin kaynağı | onay kaynağı",
    Column.PLACE: "place | yer | şube | mağaza | sayfa",
    Column.ACTOR: "actor | işlemi yapan | yapan",
    Column.WORDING: "wording | text | metin | izin metni | onay metni",
    Column.WORDING_VERSION: "wording version | metin sürümü | metin versiyonu | sürüm",
    Column.LANGUAGE: "language | dil",
    Column.NAME: "name | full name | ad | ad soyad | adı soyadı | isim | müşteri adı",
    Column.ADDRESS: "address | ip | ip address | ip adresi",
}
_BY_NAME = {folded(name): column for column, names in _CALLED.items() for name in names.split("|")}

_ACTS = {
    **dict.fromkeys(("opt in", "optin", "onay", "izin", "izinli", "evet", "yes"), Act.OPT_IN),
    **dict.fromkeys(("opt out", "optout", "ret", "red", "iptal", "izinsiz", "hayir", "no"), Act.OPT_OUT),
}
"""Onay and ret are what İYS, the Turkish register of commercial messages, calls them in its own lists."""


def column_called(name: str) -> Column | None:
    """Whatever the case, the accents and what joins the words."""
    return _BY_NAME.get(folded(name))


def act_called(name: str) -> Act | None:
    return _ACTS.get(folded(name))


class HeaderFault(ValueError):
    """The first line does not say what the columns are."""

    def __init__(self, place: int | None, code: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        """Which cell of the line, from 0; nothing where it is about the whole line."""
        self.code = code


def columns_of(header: Sequence[str]) -> list[Column]:
    """Raises an ExceptionGroup of every HeaderFault."""
    faults: list[HeaderFault] = []
    found: list[Column] = []
    for place, name in enumerate(header):
        column = column_called(name)
        if column is None:
            known = ", ".join(Column)
            faults.append(
                HeaderFault(place, "unknown_column", f"no column is called {name[:60]!r}; there are: {known}")
            )
        elif column in found:
            faults.append(HeaderFault(place, "repeated_column", f"a second column for {column}: {name[:60]!r}"))
        else:
            found.append(column)
    if not faults and not {Column.PHONE, Column.BSUID} & set(found):
        faults.append(HeaderFault(None, "missing_column", "needs a column phone (telefon) or bsuid"))
    if faults:
        raise ExceptionGroup("the header cannot be read", faults)
    return found
