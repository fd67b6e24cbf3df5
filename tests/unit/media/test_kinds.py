"""What files are taken, and that each is what it is said to be."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.problems import InvalidRequest, UnsupportedMediaType
from app.media.kinds import FILE_TYPES, FileType, check, file_type
from tests.support.files import GIF, JPEG, MP4, PDF, png

SAMPLES = {"image/png": png(), "image/jpeg": JPEG, "application/pdf": PDF, "video/mp4": MP4}


@pytest.mark.parametrize("mime_type", SAMPLES)
def test_file_that_is_what_it_is_said_to_be_is_taken(mime_type: str) -> None:
    check(SAMPLES[mime_type], FILE_TYPES[mime_type])


OTHERS = [GIF, b"hello", b"<html></html>", b"PK\x03\x04 a zip file"]
MISNAMED = [(one, other) for one in SAMPLES for other in [*SAMPLES.values(), *OTHERS] if other != SAMPLES[one]]


@pytest.mark.parametrize(("declared", "content"), MISNAMED)
def test_file_that_is_something_else_is_refused(declared: str, content: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(content, FILE_TYPES[declared])
    assert refused.value.errors[0].code == "media_type_mismatch"


def test_empty_file_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(b"", FILE_TYPES["application/pdf"])
    assert refused.value.errors[0].code == "empty"


@pytest.mark.parametrize("colour", [2, 6])
def test_png_of_eight_bits_in_rgb_is_taken(colour: int) -> None:
    check(png(colour=colour), FILE_TYPES["image/png"])


@pytest.mark.parametrize(("depth", "colour"), [(16, 2), (16, 6), (8, 0), (8, 3), (8, 4), (1, 0)])
def test_png_of_other_colours_is_refused(depth: int, colour: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(png(depth=depth, colour=colour), FILE_TYPES["image/png"])
    assert refused.value.errors[0].code == "png_colours"


@given(st.binary(max_size=64), st.sampled_from(list(FILE_TYPES.values())))
def test_no_bytes_break_the_check(content: bytes, declared: FileType) -> None:
    """What begins with none of the marks of a kind is not that kind."""
    assume(not content.startswith((b"\xff\xd8", b"\x89PNG", b"%PDF")) and content[4:8] != b"ftyp")
    with pytest.raises(InvalidRequest):
        check(content, declared)


@pytest.mark.parametrize("beginning", [b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"])
def test_png_that_breaks_off_in_its_header_is_refused(beginning: bytes) -> None:
    with pytest.raises(InvalidRequest):
        check(beginning, FILE_TYPES["image/png"])


@pytest.mark.parametrize("brand", [b"isom", b"iso2", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "])
def test_film_of_any_brand_of_mp4_is_taken(brand: bytes) -> None:
    check(MP4.replace(b"ftypisom", b"ftyp" + brand), FILE_TYPES["video/mp4"])


@pytest.mark.parametrize("brand", [b"qt  ", b"3gp5", b"M4A ", b"heic", b"avif", b""])
def test_other_film_sound_or_picture_in_such_a_file_is_refused(brand: bytes) -> None:
    """Those of which MP4 is one kind name it among what they are compatible with, too."""
    with pytest.raises(InvalidRequest) as refused:
        check(MP4.replace(b"ftypisom", b"ftyp" + brand.ljust(4, b"\0")), FILE_TYPES["video/mp4"])
    assert refused.value.errors[0].code == "media_type_mismatch"


@pytest.mark.parametrize("announced", ["image/png", "IMAGE/PNG", "image/png; name=a.png", " image/png "])
def test_kind_is_read_as_headers_write_it(announced: str) -> None:
    assert file_type(announced).mime_type == "image/png"


@pytest.mark.parametrize(
    "announced",
    ["", "image/gif", "image/*", "video/3gpp", "video/quicktime", "multipart/form-data; boundary=x", "text/plain", "/"],
)
def test_other_kinds_are_refused(announced: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refused:
        file_type(announced)
    assert "application/pdf" in refused.value.detail
