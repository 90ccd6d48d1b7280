"""What directories promise beside what every store does."""

import multiprocessing

import pytest

from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import open_store


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_local_links_are_followed_and_loops_are_not(tmp_path, file):
    root = tmp_path / "mounted"
    (root / "..data").mkdir(parents=True)
    (root / "..data" / "a.csv").write_text("x")
    (root / "a.csv").symlink_to("..data/a.csv")
    (root / "2013").symlink_to(root / "..data")
    (root / "..data" / "up").symlink_to(root)
    (root / "dangling").symlink_to("nowhere")
    names = [i.name for i in open_store(str(root)).list()]
    assert {"a.csv", "2013/a.csv", "..data/a.csv"} <= set(names)
    assert "dangling" not in names
    assert len(names) < 10


def _count(root, name, rounds):
    store = open_store(root)
    for _ in range(rounds):
        while True:
            data, version = store.read(name)
            try:
                store.replace(name, str(int(data) + 1).encode(), version=version)
                break
            except PreconditionError:
                continue


def test_local_processes_that_opened_other_roots_lose_no_update(tmp_path):
    open_store(str(tmp_path)).create("a/n", b"0")
    context = multiprocessing.get_context("fork")
    counters = [
        context.Process(target=_count, args=(str(root), name, 100))
        for root, name in ((tmp_path, "a/n"), (tmp_path / "a", "n")) * 2
    ]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert open_store(str(tmp_path)).read("a/n")[0] == b"400"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["n"]


def test_local_own_files_are_hidden(tmp_path):
    store = open_store(str(tmp_path))
    store.create("a/b", b"1")
    assert [i.name for i in store.list()] == ["a/b"]
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]
    (tmp_path / "a" / ".tidegate-lock").touch()
    assert [i.name for i in store.list()] == ["a/b"]
    with pytest.raises(StorageError, match="the store's own"):
        store.create("a/.tidegate-lock", b"")


def test_local_errors_are_one_line(tmp_path, file):
    store = open_store(str(file))
    with pytest.raises(StorageError, match=r"cannot write .*file"):
        store.create("a", b"")
    store = open_store(str(tmp_path))
    (tmp_path / "directory").mkdir()
    with pytest.raises(StorageError, match=r"cannot read .*: is a directory"):
        store.read("directory")
