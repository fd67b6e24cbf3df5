"""QR codes, read back by a decoder that is not their maker's."""

import math
import re
import struct
import zlib

import pytest
import zxingcpp

from app.consent import qr

URL = "https://msg.example/o/K7Q2M9X4T"


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """Side and rows, a byte for each dot, of the one kind of picture that is made here: square, grey, one bit."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (width, depth, colour) == (height, 1, 0)
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(data), math.ceil(width / 8) + 1
    lines, above = [], bytes(stride - 1)
    for start in range(0, len(raw), stride):
        kind, line = raw[start], raw[start + 1 : start + stride]
        assert kind in (0, 2), "as it is, or by what differs from the line above"
        above = line if kind == 0 else bytes((one + two) % 256 for one, two in zip(line, above, strict=True))
        lines.append(above)
    bits = ("".join(f"{byte:08b}" for byte in line)[:width] for line in lines)
    return width, [bytes(255 * int(bit) for bit in line) for line in bits]


def read(png: bytes) -> str:
    side, lines = pixels(png)
    picture = memoryview(b"".join(lines)).cast("B", shape=[side, side])
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    return found.text


@pytest.mark.parametrize("correction", ["M", "Q", "H"])
@pytest.mark.parametrize(("size_mm", "dpi"), [(20, 300), (40, 300), (25, 150), (300, 72)])
def test_a_decoder_reads_the_address(size_mm: int, dpi: int, correction: qr.Correction) -> None:
    png = qr.as_png(URL, size_mm=size_mm, dpi=dpi, correction=correction)
    assert read(png) == URL.upper()


def test_an_address_with_a_path_of_its_own_keeps_its_letters() -> None:
    url = "https://shop.example/ulak/o/K7Q2M9X4T"
    assert read(qr.as_png(url, size_mm=40, dpi=300, correction="M")) == url


@pytest.mark.parametrize(("size_mm", "dpi"), [(20, 300), (33, 200), (50, 600)])
def test_dots_fit_the_print(size_mm: int, dpi: int) -> None:
    side, lines = pixels(qr.as_png(URL, size_mm=size_mm, dpi=dpi, correction="M"))
    wanted = size_mm / 25.4 * dpi
    modules = 25 + 2 * qr.QUIET_ZONE
    assert side % modules == 0
    assert wanted - modules < side <= wanted
    quiet = side // modules * qr.QUIET_ZONE
    assert all(set(line) == {255} for line in (*lines[:quiet], *lines[-quiet:]))
    assert all(set(line[:quiet] + line[-quiet:]) == {255} for line in lines)


def test_the_svg_says_its_size_in_millimetres() -> None:
    drawn = qr.as_svg(URL, size_mm=42, correction="Q").decode()
    sizes = re.findall(r'(?:width|height)="([0-9.]+)mm"', drawn)
    assert [float(size) for size in sizes] == pytest.approx([42, 42])


@pytest.mark.parametrize(("size_mm", "dpi"), [(10, 300), (11.5, 1200)])
def test_what_no_camera_reads_is_refused_with_the_least_that_does(size_mm: float, dpi: int) -> None:
    with pytest.raises(qr.TooSmall) as refused:
        qr.as_png(URL, size_mm=size_mm, dpi=dpi, correction="M")
    least = refused.value.least_mm
    assert least > size_mm
    assert read(qr.as_png(URL, size_mm=least, dpi=dpi, correction="M")) == URL.upper()
    with pytest.raises(qr.TooSmall):
        qr.as_svg(URL, size_mm=size_mm, correction="M")


def test_a_printer_too_coarse_is_told_the_least_size() -> None:
    with pytest.raises(qr.TooSmall) as refused:
        qr.as_png(URL, size_mm=11.6, dpi=20, correction="M")
    assert read(qr.as_png(URL, size_mm=refused.value.least_mm, dpi=20, correction="M")) == URL.upper()
