"""The image root: a folder against a naive reading of it, and which place a path leads to."""

import os
import pickle
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import InputError, PhotoError
from curate.params import FetchParams
from curate.places.folder import FolderRoot
from curate.places.roots import open_root

FETCH = FetchParams(connections=2, retries=0, timeout=1.0)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """An image root with photos, and links out of it, within it and in a loop."""
    outside = tmp_path_factory.mktemp("tree").resolve()
    folder = outside / "images"
    (folder / "sub" / "deep").mkdir(parents=True)
    for name in ("in.jpg", "sub/in.jpg", "sub/deep/other.jpg"):
        (folder / name).write_text(f"{name} in the root")
        os.utime(folder / name, ns=(1, 1))  # of a file written just now nothing is known
    (outside / "out.jpg").write_text("outside")
    (outside / "images-2").mkdir()
    (outside / "images-2" / "in.jpg").write_text("beside the root, its name begins alike")
    (folder / "link-in.jpg").symlink_to("sub/in.jpg")
    (folder / "link-out.jpg").symlink_to("../out.jpg")
    (folder / "link-there.jpg").symlink_to(folder / "in.jpg")
    (folder / "broken.jpg").symlink_to("nothing.jpg")
    (folder / "broken-out.jpg").symlink_to("../nothing.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "linked").symlink_to("sub")
    (folder / "up").symlink_to("..")
    (folder / "sub" / "home").symlink_to("..")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "link-pipe.jpg").symlink_to("pipe.jpg")
    return folder


def naive(folder, path):
    """The file that `path` leads to, or the reason and the detail, with nothing remembered and nothing cut short."""
    try:
        file = (folder / path).resolve()
        if not file.is_relative_to(folder):
            where = f"{file.name}, by a symbolic link"
            where = "a folder above the image root" if ".." in path.split("/") else where
            return "outside_root", f"leads to {'an absolute path' if path.startswith('/') else where}"
        if file.is_file():
            return file
        if file.is_dir():
            return "missing_file", "a folder, not a file"
        return "missing_file", "not a regular file" if file.exists() else "no such file"
    except (OSError, ValueError, RuntimeError) as error:
        return "missing_file", f"{type(error).__name__}: no usable path"


def found(root, path):
    try:
        return root.find(path), root.read(path, 1000)
    except PhotoError as error:
        return error.reason, error.detail


def expected(folder, path):
    file = naive(folder, path)
    if isinstance(file, tuple):
        return file
    info = file.stat()
    return f"{info.st_size}-{info.st_mtime_ns}-{info.st_ctime_ns}-{info.st_ino}", file.read_bytes()


NAMES = "in sub/in other link-in link-out link-there broken broken-out pipe link-pipe loop out"
FOLDERS = "sub deep home up linked images images-2 none . .. /"
PARTS = st.sampled_from([f"{name}.jpg" for name in NAMES.split()] + FOLDERS.split())
STARTS = st.sampled_from(["", "", "", "", "/", "./", "../", "../images/"])


@settings(max_examples=1500, deadline=None)
@given(start=STARTS, parts=st.lists(PARTS, max_size=5), end=st.sampled_from(["", "", "/", "/.", "\0", "x" * 300]))
@example("", [], "")
@example("", ["x" * 5000], "")
@example("", ["x" * 300, "in.jpg"], "")
@example("", ["a\0b", "in.jpg"], "")
@example("", ["none", "..", "in.jpg"], "")
@example("", ["up", "images", "sub", "..", "in.jpg"], "")
def test_a_folder_finds_what_a_naive_reading_does(tree, start, parts, end):
    path = start + "/".join(parts) + end
    assert found(FolderRoot(tree), path) == expected(tree, path)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(STARTS, st.lists(PARTS, min_size=1, max_size=4)), min_size=2, max_size=6))
def test_what_it_remembers_changes_nothing(tree, paths):
    root = FolderRoot(tree)
    joined = [start + "/".join(parts) for start, parts in paths]
    assert [found(root, path) for path in joined] == [expected(tree, path) for path in joined]


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        ("../out.jpg", "outside_root", "leads to a folder above the image root"),
        ("../none.jpg", "outside_root", "leads to a folder above the image root"),
        ("/etc/hosts", "outside_root", "leads to an absolute path"),
        ("link-out.jpg", "outside_root", "leads to out.jpg, by a symbolic link"),
        ("up/out.jpg", "outside_root", "leads to out.jpg, by a symbolic link"),
        ("up/images-2/in.jpg", "outside_root", "leads to in.jpg, by a symbolic link"),
        ("none.jpg", "missing_file", "no such file"),
        ("sub", "missing_file", "a folder, not a file"),
        ("", "missing_file", "a folder, not a file"),
        ("in.jpg/deeper", "missing_file", "no such file"),
        ("nul\0.jpg", "missing_file", "ValueError: no usable path"),
        ("x" * 5000, "missing_file", "OSError: no usable path"),
        ("loop.jpg", "missing_file", "RuntimeError: no usable path"),
        ("pipe.jpg", "missing_file", "not a regular file"),
        ("link-pipe.jpg", "missing_file", "not a regular file"),
    ],
)
def test_a_path_that_leads_to_no_photo_has_a_reason(tree, path, reason, detail):
    assert found(FolderRoot(tree), path) == (reason, detail)


def test_a_socket_is_no_photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("a.jpg")
        assert found(FolderRoot(tmp_path), "a.jpg") == ("missing_file", "not a regular file")


def test_the_identity_follows_the_file(tmp_path):
    file, root = tmp_path / "a.jpg", FolderRoot(tmp_path)
    seen = []
    for content, at in ((b"one", 1), (b"three", 1), (b"three", 2)):
        file.write_bytes(content)
        assert root.find("a.jpg") == ""  # its next change could fall into the same tick of the clock
        os.utime(file, ns=(at, at))
        seen.append(root.find("a.jpg"))
    (tmp_path / "b.jpg").write_bytes(b"other")
    os.utime(tmp_path / "b.jpg", ns=(1, 1))
    (tmp_path / "b.jpg").replace(file)  # same size, same time
    seen.append(root.find("a.jpg"))
    assert len(set(seen)) == 4
    assert root.find("a.jpg") == seen[-1]
    file.unlink()
    assert found(root, "a.jpg") == ("missing_file", "no such file")


def test_a_large_file_is_refused_unread(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(PhotoError) as error:
        FolderRoot(tmp_path).read("a.jpg", 1000)
    assert (error.value.reason, error.value.detail) == ("too_large", "1,099,511,627,776 bytes, at most 1,000")
    (tmp_path / "b.jpg").write_bytes(b"x" * 1000)
    (tmp_path / "empty.jpg").touch()
    assert FolderRoot(tmp_path).read("b.jpg", 1000) == b"x" * 1000
    assert FolderRoot(tmp_path).read("empty.jpg", 1000) == b""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_rights_is_missing(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.jpg").chmod(0)
    with pytest.raises(PhotoError) as error:
        FolderRoot(tmp_path).read("a.jpg", 1000)
    assert (error.value.reason, error.value.detail) == ("missing_file", "Permission denied")


def test_a_root_behind_a_link_is_followed(tmp_path, tree):
    (tmp_path / "images").symlink_to(tree)
    root = FolderRoot(tmp_path / "images")
    assert root.read("sub/in.jpg", 1000) == b"sub/in.jpg in the root"
    assert root.read("link-there.jpg", 1000) == b"in.jpg in the root"
    assert root.shown("sub/in.jpg") == (tmp_path / "images/sub/in.jpg").as_posix()


def test_finding_is_fast(tmp_path):
    paths = [f"{number % 50:02d}/{number:05d}.jpg" for number in range(1000)]
    for number in range(50):
        (tmp_path / f"{number:02d}").mkdir()
    for path in paths:
        (tmp_path / path).touch()
    root = open_root(str(tmp_path), FETCH, 1000, tmp_path / "cache")
    times = []
    for _ in range(5):
        start = time.process_time()
        for path in paths:
            root.find(path)
        times.append(time.process_time() - start)
    assert min(times) < 0.02  # 0.003 s when nothing else runs; 0.04 s if every path were resolved


def test_a_root_pickles_as_its_parameters(tmp_path, tree):
    root = open_root(str(tree), FETCH, 1000, tmp_path)
    for path in ("in.jpg", "sub/in.jpg", "sub/deep/other.jpg"):
        root.find(path)
    packed = pickle.dumps(root)
    assert len(packed) < 1000
    assert pickle.loads(packed).find("sub/in.jpg") == root.find("sub/in.jpg")


def test_addresses_and_files_stand_side_by_side(tmp_path, tree):
    root = open_root(str(tree), FETCH, 1000, tmp_path / "cache")
    root.prepare(["in.jpg", "sub/in.jpg"])
    assert not (tmp_path / "cache").exists()
    assert root.read("in.jpg", 1000) == b"in.jpg in the root"
    assert root.shown("in.jpg") == (tree / "in.jpg").as_posix()
    assert root.shown("HTTPS://user:secret@shop.example/a.jpg?b=c@d") == "HTTPS://shop.example/a.jpg?b=c@d"
    assert found(root, "http://shop.example/a.jpg") == ("not_fetched", "never asked for")
    assert found(root, "ftp://shop.example/a.jpg") == ("missing_file", "no such file")


def test_without_images_only_addresses_are_photos(tmp_path):
    root = open_root("", FETCH, 1000, tmp_path)
    assert found(root, "a.jpg") == ("missing_file", "no http(s) address, and images is empty")
    assert root.shown("a.jpg") == "a.jpg"
    assert found(root, "https://shop.example/a.jpg") == ("not_fetched", "never asked for")


def test_every_other_image_root_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def told(images):
        with pytest.raises(InputError) as error:
            open_root(images, FETCH, 1000, tmp_path)
        return str(error.value)

    for name in ("a.TAR.GZ", "a.tgz", "a.tar.bz2", "a.tar.xz", "a.rar"):
        (tmp_path / name).touch()
    assert told("none") == "the image root none does not exist. Make it, or mend images in params.yaml."
    assert told("none.zip") == "the image root none.zip does not exist. Make it, or mend images in params.yaml."
    assert told("a.rar") == (
        "the image root a.rar is no folder, .zip or .tar file. Unpack it, or mend images in params.yaml."
    )
    for name in ("a.TAR.GZ", "a.tgz", "a.tar.bz2", "a.tar.xz"):
        assert told(name) == (
            f"the image root {name} is a compressed tar file; photos are compressed already."
            " Unpack it to a plain .tar, or to a folder."
        )


def test_a_folder_named_like_an_archive_is_a_folder(tmp_path):
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "in.jpg").write_bytes(b"in")
    assert open_root(str(tmp_path / "a.zip"), FETCH, 1000, tmp_path).read("in.jpg", 1000) == b"in"


def test_opening_a_root_does_not_load_requests():
    code = "import sys, curate.places.roots; sys.exit('requests' in sys.modules or 'urllib3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
