"""Photos inside zip and tar files: found, read, and every way that they cannot be."""

import io
import os
import pickle
import random
import stat
import struct
import subprocess
import sys
import tarfile
import tracemalloc
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, PhotoError
from curate.params import FetchParams
from curate.places.archives import normal
from curate.places.roots import open_root
from curate.places.tar_file import TarRoot
from curate.places.zip_file import ZipRoot

PHOTOS = {"in.jpg": b"first" * 50, "sub/in.jpg": b"second" * 50, "sub/deep/empty.jpg": b""}


def write_zip(path, members=None, method=zipfile.ZIP_DEFLATED):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # zipfile's, about names that repeat
        for name, data in members or PHOTOS.items():
            archive.writestr(name, data)
    return path


def write_tar(path, members=None, form=tarfile.PAX_FORMAT):
    with tarfile.open(path, "w", format=form) as archive:
        for name, data in members or PHOTOS.items():
            archive.addfile(header(name, size=len(data)), io.BytesIO(data))
    return path


def header(name, **fields):
    info = tarfile.TarInfo(name)
    info.mtime = 1_000_000_000
    for field, value in fields.items():
        setattr(info, field, value)
    return info


@pytest.fixture(params=["zip", "tar"])
def kind(request):
    return request.param


def make(folder, kind, members=None):
    write = write_zip if kind == "zip" else write_tar
    return (ZipRoot if kind == "zip" else TarRoot)(write(folder / f"photos.{kind}", members))


def told(root, path, max_bytes=10_000):
    with pytest.raises(PhotoError) as error:
        root.read(path, max_bytes)
    return error.value.reason, error.value.detail


def test_members_are_read_in_place(tmp_path, kind):
    root = make(tmp_path, kind)
    assert {name: root.read(name, 10_000) for name in PHOTOS} == PHOTOS
    assert root.read("sub/../sub/./deep//empty.jpg/", 0) == b""
    assert root.shown("sub/in.jpg") == (tmp_path / f"photos.{kind}/sub/in.jpg").as_posix()
    assert sorted(tmp_path.iterdir()) == [tmp_path / f"photos.{kind}"]


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        ("../in.jpg", "outside_root", "leads to a folder above the image root"),
        ("sub/../../in.jpg", "outside_root", "leads to a folder above the image root"),
        ("/in.jpg", "outside_root", "leads to an absolute path"),
        ("none.jpg", "missing_file", "no such file"),
        ("in.jpg\0", "missing_file", "no such file"),
        ("sub", "missing_file", "a folder, not a file"),
        ("sub/deep/", "missing_file", "a folder, not a file"),
        ("", "missing_file", "a folder, not a file"),
        ("sub/..", "missing_file", "a folder, not a file"),
    ],
)
def test_a_path_that_leads_to_no_photo_has_a_reason(tmp_path, kind, path, reason, detail):
    root = make(tmp_path, kind)
    assert told(root, path) == (reason, detail)
    with pytest.raises(PhotoError) as error:
        root.find(path)
    assert (error.value.reason, error.value.detail) == (reason, detail)


def test_names_are_made_normal_and_the_last_of_equal_ones_counts(tmp_path, kind):
    members = [("./a.jpg", b"one"), ("a.jpg", b"two"), ("b//c.jpg", b"three"), ("../out.jpg", b"four"), ("d/", b"")]
    root = make(tmp_path, kind, members)
    assert root.read("a.jpg", 10) == b"two"
    assert root.read("b/c.jpg", 10) == b"three"
    assert told(root, "../out.jpg")[0] == "outside_root"
    assert told(root, "out.jpg") == ("missing_file", "no such file")


def test_a_large_member_is_refused_unread(tmp_path, kind):
    root = make(tmp_path, kind)
    assert told(root, "in.jpg", 249) == ("too_large", "250 bytes, at most 249")
    assert root.read("in.jpg", 250) == PHOTOS["in.jpg"]


def test_the_identity_follows_the_bytes(tmp_path, kind):
    root = make(tmp_path, kind)
    assert root.find("in.jpg") == ""  # an archive's next change could fall into the same tick of the clock
    os.utime(tmp_path / f"photos.{kind}", (1, 1))
    before = {name: root.find(name) for name in PHOTOS}
    assert len(set(before.values())) == 3
    assert {name: root.find(name) for name in PHOTOS} == before
    make(tmp_path, kind, [*PHOTOS.items(), ("in.jpg", b"other" * 50)])
    os.utime(tmp_path / f"photos.{kind}", (1, 1))
    assert root.find("in.jpg") != before["in.jpg"]
    assert root.read("in.jpg", 10_000) == b"other" * 50
    os.truncate(tmp_path / f"photos.{kind}", 100)
    with pytest.raises(InputError):
        root.find("in.jpg")
    (tmp_path / f"photos.{kind}").unlink()
    with pytest.raises(InputError, match=r"No such file or directory\. Mend images in params\.yaml\.$"):
        root.find("in.jpg")


def test_a_root_pickles_as_a_path(tmp_path, kind):
    make(tmp_path, kind, [(f"{number}.jpg", b"x") for number in range(2000)])
    fetch = FetchParams(connections=1, retries=0, timeout=1.0)
    root = open_root(str(tmp_path / f"photos.{kind}"), fetch, 10, tmp_path)
    root.find("7.jpg")
    packed = pickle.dumps(root)
    assert len(packed) < 1000
    assert pickle.loads(packed).read("1999.jpg", 10) == b"x"


def test_nothing_is_left_open_at_the_end(tmp_path, kind):
    root = make(tmp_path, kind)
    code = f"import pickle; print(pickle.loads({pickle.dumps(root)!r}).read('in.jpg', 999).decode())"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("first" * 50 + "\n", "")


def test_many_archives_in_turn_leave_none_open(tmp_path, kind):
    roots = []
    for number in range(5):
        (tmp_path / str(number)).mkdir()
        roots.append(make(tmp_path / str(number), kind, [("a.jpg", b"%d" % number)]))
    for _ in range(2):
        assert [root.read("a.jpg", 10) for root in roots] == [b"0", b"1", b"2", b"3", b"4"]
    held = 0
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            held += number.readlink().is_relative_to(tmp_path)
    assert held == (2 if kind == "zip" else 0)


@pytest.mark.parametrize("cut", [0, 10, 300])
def test_a_damaged_zip_file_is_one_line(tmp_path, cut):
    path = write_zip(tmp_path / "photos.zip")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError) as error:
        ZipRoot(path).find("in.jpg")
    assert str(error.value) == (
        f"the image root {path} is no zip file that can be read: File is not a zip file."
        " Make it again, or unpack it and name the folder."
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "empty file"),
        (lambda data: b"not a tar file" * 100, "invalid header"),
        (lambda data: data[:700], "unexpected end of data"),
        (lambda data: data[:1024] + b"\xff" * 512 + data[1536:], "a header is damaged"),
        (lambda data: data[:1300], "a header is damaged"),
    ],
)
def test_a_damaged_tar_file_is_one_line(tmp_path, damage, message):
    path = write_tar(tmp_path / "photos.tar", form=tarfile.USTAR_FORMAT)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError) as error:
        TarRoot(path).find("in.jpg")
    assert str(error.value) == (
        f"the image root {path} is no tar file that can be read: {message}."
        " Make it again, or unpack it and name the folder."
    )


def test_a_tar_file_without_its_end_marker_is_whole(tmp_path):
    path = write_tar(tmp_path / "photos.tar", form=tarfile.USTAR_FORMAT)
    path.write_bytes(path.read_bytes()[: 512 + 512 + 512 + 512 + 512])
    assert {name: TarRoot(path).read(name, 10_000) for name in PHOTOS} == PHOTOS


def test_random_damage_never_escapes(tmp_path, kind):
    root = make(tmp_path, kind)
    whole = root.images.read_bytes()
    dice = random.Random(1)
    outcomes = set()
    for number in range(400):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 1, 3, 20])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        root.images.write_bytes(data)
        os.utime(root.images, ns=(number, number))
        for name in PHOTOS:
            try:
                data = root.read(name, 10_000)
                outcomes.add("read" if kind == "tar" or data == PHOTOS[name] else "read wrongly")
            except PhotoError as error:
                outcomes.add(str(error.reason))
            except InputError:
                outcomes.add("refused")
    # A tar file has a checksum of its headers alone.
    assert outcomes == {"read", "refused"} | ({"truncated", "missing_file", "too_large"} if kind == "zip" else set())


def flip(path, name):
    """Change the first byte of a member's data."""
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(name).header_offset
    data = bytearray(path.read_bytes())
    data[start + 30 + len(name)] ^= 6
    path.write_bytes(data)


def test_a_damaged_member_is_truncated(tmp_path):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = random.Random(2).randbytes(300) * 2
        path = write_zip(tmp_path / f"{method}.zip", [("a.jpg", data), ("b.jpg", data)], method)
        flip(path, "a.jpg")
        assert told(ZipRoot(path), "a.jpg") == ("truncated", "damaged in the zip file")
        assert ZipRoot(path).read("b.jpg", 10_000) == data


def test_an_encrypted_member_is_missing(tmp_path):
    path = write_zip(tmp_path / "photos.zip", [("a.jpg", b"secret")], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flags, here and in the directory
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert told(ZipRoot(path), "a.jpg") == ("missing_file", "encrypted in the zip file")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_missing(tmp_path, method):
    path = write_zip(tmp_path / "photos.zip", [("a.jpg", b"x" * 1000)], method)
    assert told(ZipRoot(path), "a.jpg") == (
        "missing_file",
        f"compressed by method {method}, only stored and deflated are read",
    )


def test_a_link_in_a_zip_file_is_not_followed(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = write_zip(tmp_path / "photos.zip", [(link, "in.jpg"), ("in.jpg", b"in")])
    assert told(ZipRoot(path), "link.jpg") == (
        "outside_root",
        "a symbolic link, which is not followed in an archive",
    )


def test_a_bomb_never_unfolds(tmp_path):
    """A member of 64 MB that announces 1,000 bytes: no more than these are inflated, and the CRC tells."""
    path = write_zip(tmp_path / "photos.zip", [("a.jpg", b"\0" * 64_000_000)])
    honest = ZipRoot(path)
    assert told(honest, "a.jpg", 1_000_000) == ("too_large", "64,000,000 bytes, at most 1,000,000")
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\1\2")
    struct.pack_into("<I", data, directory + 24, 1000)
    struct.pack_into("<I", data, 22, 1000)
    lying = tmp_path / "lying.zip"
    lying.write_bytes(data)
    ZipRoot(lying).find("a.jpg")
    tracemalloc.start()
    try:
        assert told(ZipRoot(lying), "a.jpg", 1_000_000) == ("truncated", "damaged in the zip file")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_links_and_other_members_of_a_tar_file(tmp_path):
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(header("early.jpg", type=tarfile.LNKTYPE, linkname="in.jpg"))
        archive.addfile(header("in.jpg", size=5), io.BytesIO(b"first"))
        archive.addfile(header("hard.jpg", type=tarfile.LNKTYPE, linkname="in.jpg"))
        archive.addfile(header("harder.jpg", type=tarfile.LNKTYPE, linkname="hard.jpg"))
        archive.addfile(header("soft.jpg", type=tarfile.SYMTYPE, linkname="in.jpg"))
        archive.addfile(header("hard-soft.jpg", type=tarfile.LNKTYPE, linkname="soft.jpg"))
        archive.addfile(header("pipe.jpg", type=tarfile.FIFOTYPE))
        archive.addfile(header("device.jpg", type=tarfile.CHRTYPE))
        archive.addfile(header("folder", type=tarfile.DIRTYPE))
        archive.addfile(header("in.jpg", size=6), io.BytesIO(b"second"))
    root = TarRoot(path)
    assert root.read("in.jpg", 10) == b"second"
    assert root.read("hard.jpg", 10) == b"first"
    assert root.read("harder.jpg", 10) == b"first"
    unfollowed = ("outside_root", "a symbolic link, which is not followed in an archive")
    assert told(root, "soft.jpg") == told(root, "hard-soft.jpg") == unfollowed
    assert told(root, "early.jpg") == ("missing_file", "a hard link to no earlier member of the archive")
    assert told(root, "pipe.jpg") == told(root, "device.jpg") == ("missing_file", "not a regular file")
    assert told(root, "folder") == ("missing_file", "a folder, not a file")


def test_a_sparse_member_is_no_photo(tmp_path):
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.truncate(1_000_000)
        file.write(b"x")
    done = subprocess.run(["tar", "--sparse", "-cf", "photos.tar", "sparse.jpg"], cwd=tmp_path, check=False)
    if done.returncode:
        pytest.skip("this tar writes no sparse files")
    assert told(TarRoot(tmp_path / "photos.tar"), "sparse.jpg", 2_000_000) == ("missing_file", "not a regular file")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_of_tar_is_read(tmp_path, form):
    long = "/".join(["a folder"] * 9) + "/photo of a coat.jpg"
    root = TarRoot(write_tar(tmp_path / "photos.tar", [(long, b"long"), ("ä.jpg", b"umlaut")], form))
    assert (root.read(long, 10), root.read("ä.jpg", 10)) == (b"long", b"umlaut")


def test_a_tar_file_that_shrinks_meanwhile_is_truncated(tmp_path):
    path = write_tar(tmp_path / "photos.tar", [("a.jpg", b"x" * 5000)])
    info = path.stat()
    TarRoot(path).find("a.jpg")
    path.write_bytes(path.read_bytes()[:2048].ljust(info.st_size, b"\0"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert len(TarRoot(path).read("a.jpg", 5000)) == 5000  # its time and size are as before
    os.truncate(path, 2048)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    with pytest.raises(InputError, match="unexpected end of data"):
        TarRoot(path).read("a.jpg", 5000)


def test_the_list_of_a_large_archive_is_made_once(tmp_path, kind):
    root = make(tmp_path, kind, [(f"{number % 9}/{number}.jpg", b"%d" % number) for number in range(3000)])
    assert [root.read(f"{number % 9}/{number}.jpg", 10) for number in range(3000)] == [
        b"%d" % number for number in range(3000)
    ]


@given(st.lists(st.sampled_from(["a", "b.jpg", "..", ".", "", "c d"]), max_size=7))
def test_normal_paths_are_what_the_file_system_makes_of_them(parts):
    path = "/".join(parts)
    if path.startswith("/") or climbs(parts):
        with pytest.raises(PhotoError) as error:
            normal(path)
        assert error.value.reason == "outside_root"
    else:
        assert (normal(path) or ".") == os.path.normpath(path)


def climbs(parts):
    depth = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False
