"""Small files of the kinds that headers show, and of some that they do not."""

import struct
import zlib

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00H\x00H\x00\x00\xff\xd9"
MP4 = b"".join(
    struct.pack(">I", 8 + len(content)) + name + content
    for name, content in ((b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41"), (b"free", b""), (b"mdat", b""))
)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def png(*, depth: int = 8, colour: int = 2, shade: int = 0) -> bytes:
    """One pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, depth, colour, 0, 0, 0)
    pixel = zlib.compress(bytes([0, *[shade] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]]))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*one) for one in ((b"IHDR", header), (b"IDAT", pixel), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
