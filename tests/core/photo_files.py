"""Photo files put together byte by byte, where Pillow writes none such."""

import struct
import zlib
from io import BytesIO


def encoded(photo, kind, **options):
    file = BytesIO()
    photo.save(file, kind, **options)
    return file.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, rows=b"", *, bits=8, color=2, extra=b""):
    """`rows` are the filtered rows, before compression; `extra` stands between the header and the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(width, height, pixels, *, order="<", bits=(8, 8, 8), kind=2, compression=1, tile=None, extra=()):
    """One strip, or one tile of `tile` sides; `kind` is the photometric interpretation, `extra` further tags."""
    data = {"B": 1, "H": 3, "I": 4}
    place = {322: ("I", tile[:1]), 323: ("I", tile[1:]), 324: ("I", [0])} if tile else {273: ("I", [0])}
    size = {325 if tile else 279: ("I", [len(pixels)])}
    tags = {
        **{256: ("I", [width]), 257: ("I", [height]), 258: ("H", bits), 259: ("H", [compression])},
        **{262: ("H", [kind]), 277: ("H", [len(bits)])},
        **place,
        **size,
        **dict(extra),
    }
    start = 8 + 2 + 12 * len(tags) + 4
    longer = b""
    packed = {tag: struct.pack(f"{order}{len(values)}{kind}", *values) for tag, (kind, values) in tags.items()}
    pixels_at = start + sum(len(value) for value in packed.values() if len(value) > 4)
    packed[324 if tile else 273] = struct.pack(f"{order}I", pixels_at)
    entries = b""
    for tag in sorted(tags):
        value = packed[tag]
        if len(value) > 4:
            value, longer = struct.pack(f"{order}I", start + len(longer)), longer + value
        entries += struct.pack(f"{order}HHI", tag, data[tags[tag][0]], len(tags[tag][1])) + value.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IH", 8, len(tags)) + entries + b"\0" * 4 + longer + pixels


def gif(screen, *frames, blocks=b"\x02\x4c\x01\0"):
    """Frames of (width, height), all of one colour, on a screen of `screen`."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"".join(b"," + struct.pack("<HHHHB", 0, 0, *one, 0) + b"\x02" + blocks for one in frames) + b";"


def profile(space, tags, *, pcs=b"XYZ ", kind=b"mntr"):
    """An ICC profile, version 2, with `tags` of (name, body)."""
    fixed = struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    head = struct.pack(">I4sI4s4s4s", 0, b"\0" * 4, 0x02400000, kind, space, pcs)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed + b"\0" * 48
    start = 128 + 4 + 12 * len(tags)
    table, bodies = b"", b""
    for name, body in tags:
        body += b"\0" * (-len(body) % 4)
        table += struct.pack(">4sII", name, start + len(bodies), len(body))
        bodies += body
    whole = head + struct.pack(">I", len(tags)) + table + bodies
    return struct.pack(">I", len(whole)) + whole[4:]


def gamma(value):
    return b"curv" + struct.pack(">IIH", 0, 1, round(value * 256)) + b"\0\0"


def xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def matrix_profile(matrix, power):
    """An RGB profile: linear RGB times `matrix` is XYZ under D50."""
    columns = [(name, xyz(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)]
    curves = [(name, gamma(power)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    return profile(b"RGB ", [*columns, *curves, (b"wtpt", xyz((0.9642, 1.0, 0.8249)))])


def cmyk_profile(lab):
    """A CMYK profile from `lab`, uint8 (2, 2, 2, 2, 3): L of 255, a and b around 128, per corner of the inks."""
    steps = bytes(range(256))
    head = b"mft1" + struct.pack(">IBBBB", 0, 4, 3, 2, 0) + struct.pack(">9i", *([65536, 0, 0, 0] * 2 + [65536]))
    table = head + steps * 4 + lab.tobytes() + steps * 3
    return profile(b"CMYK", [(b"A2B0", table), (b"wtpt", xyz((0.9642, 1.0, 0.8249)))], pcs=b"Lab ", kind=b"prtr")
