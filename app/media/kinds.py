"""What files Meta takes for headers, and whether a file is what it is said to be.

Source: Meta's pages "Media" and "Resumable Upload API". Pictures have eight bits a channel, RGB or RGBA; of documents
a header takes PDFs alone, and of films MP4. How a film is encoded (Meta wants H.264 and AAC) is left to Meta.
"""

from dataclasses import dataclass
from email.message import Message
from typing import Literal

import puremagic

from app.core.problems import InvalidRequest, UnsupportedMediaType

Kind = Literal["image", "video", "document"]

_MB = 1024 * 1024

_HEAD = 8192
"""Bytes by which a file's kind is told."""

_PNG_DEPTH, _PNG_COLOUR = 24, 25
"""Where they stand in a PNG: its header comes first, at a fixed length."""
_EIGHT_BITS = 8
_RGB_AND_RGBA = (2, 6)

_BOX, _BRAND = slice(4, 8), slice(8, 12)
"""Where an ISO media file (MP4, QuickTime, 3GP, HEIF and their like) says that it is one, and which."""
_MP4 = frozenset({b"isom", *(b"iso%d" % edition for edition in range(2, 10)), b"mp41", b"mp42", b"avc1"})
_MP4 |= {b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"f4v ", b"dash"}


@dataclass(frozen=True, slots=True)
class FileType:
    kind: Kind
    mime_type: str
    most: int
    """Bytes."""
    name: str
    """What a file is called that nobody named."""


FILE_TYPES: dict[str, FileType] = {
    one.mime_type: one
    for one in (
        FileType("image", "image/jpeg", 5 * _MB, "image.jpg"),
        FileType("image", "image/png", 5 * _MB, "image.png"),
        FileType("video", "video/mp4", 16 * _MB, "video.mp4"),
        FileType("document", "application/pdf", 100 * _MB, "document.pdf"),
    )
}


def file_type(content_type: str) -> FileType:
    """By the header that announces the file. Raises UnsupportedMediaType."""
    header = Message()
    header["content-type"] = content_type
    found = FILE_TYPES.get(header.get_content_type()) if content_type else None
    if found is None:
        raise UnsupportedMediaType(f"Send the file as Content-Type: {', '.join(FILE_TYPES)}.")
    return found


def check(data: bytes, declared: FileType) -> None:
    """Whether the bytes are what they were announced as. Raises InvalidRequest."""
    if not data:
        raise InvalidRequest.at("#", "empty", "must not be empty")
    if declared.mime_type not in _could_be(data[:_HEAD]):
        raise InvalidRequest.at("#", "media_type_mismatch", f"is no {declared.mime_type}")
    if declared.mime_type == "image/png" and not _has_usual_colours(data):
        raise InvalidRequest.at("#", "png_colours", "must have 8 bits a channel and be RGB or RGBA")


def _could_be(head: bytes) -> set[str]:
    if head[_BOX] == b"ftyp":  # by its brand: the library knows few of them, and takes some 3GP for MP4
        return {"video/mp4"} if head[_BRAND] in _MP4 else set()
    try:
        return {found.mime_type for found in puremagic.magic_string(head)}
    except puremagic.PureError:
        return set()


def _has_usual_colours(data: bytes) -> bool:
    return len(data) > _PNG_COLOUR and data[_PNG_DEPTH] == _EIGHT_BITS and data[_PNG_COLOUR] in _RGB_AND_RGBA
