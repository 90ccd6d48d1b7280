"""Directories that are written whole."""

import pytest

from tidegate.platform.storage.directory import atomic_directory


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_written_whole_replaces_and_cleans_up(tmp_path):
    out = tmp_path / "parent" / "out"
    for content in ("1", "2"):
        with atomic_directory(out) as directory:
            (directory / "file").write_text(content)
            assert directory != out
    assert list(out.parent.iterdir()) == [out]
    assert (out / "file").read_text() == "2"
    with pytest.raises(FileNotFoundError), atomic_directory(out) as directory:
        (directory / "file").rename(directory / "never written")
    assert (out / "file").read_text() == "2"
    assert list(out.parent.iterdir()) == [out]


def test_written_whole_clears_what_a_kill_left(tmp_path):
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "stale").write_text("x")
    with atomic_directory(tmp_path / "out") as directory:
        (directory / "file").write_text("1")
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "file"]


def test_written_whole_refuses_a_file(tmp_path, file):
    with pytest.raises(NotADirectoryError, match="is a file"), atomic_directory(file):
        pass
