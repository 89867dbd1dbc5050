"""Pictures, and what claims to be one: a few bytes that say they are as large as you like."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else 1).save(out, form, **options)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 50)) + chunk(b"IEND", b"")


def jpeg_that_claims(width: int, height: int) -> bytes:
    content = picture(size=(64, 64))
    frame = content.index(b"\xff\xc0") + 5  # after the marker, its length and the bits per sample
    return content[:frame] + struct.pack(">HH", height, width) + content[frame + 4 :]


def jpeg_of_scans(number: int) -> bytes:
    """A large picture, and so many scans more that change nothing in it."""
    content = picture(size=(4096, 4096), progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + number * scan + content[-2:]


def webp_that_claims(width: int, height: int) -> bytes:
    """Two small pictures that move on a canvas of that size."""
    content = picture("WEBP", (64, 64), save_all=True, append_images=[Image.new("RGB", (64, 64), "red")])
    canvas = content.index(b"VP8X") + 12  # after the name, its length, flags and what is reserved
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return content[:canvas] + sides + content[canvas + 6 :]
