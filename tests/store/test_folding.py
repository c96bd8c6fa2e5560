"""A death while the log is folded in: whatever part of a block was written by then, nothing is lost."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evotrade.store.connection
from evotrade.errors import StoreDamaged
from evotrade.store import Store
from evotrade.store.folding import undo_file, undoable
from tests.store.samples import cell

PAGE = 4_096
BLOCKS_START = 3 * PAGE


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with the store as it was before its log of 50 cells was folded in; the file after."""
    folder, kept = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("before")
    store = Store(folder / "lab.duckdb")
    store.add_cells([cell(name=str(n)) for n in range(50)])

    @contextlib.contextmanager
    def copied(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
        with undoable(connection, path):
            for file in folder.iterdir():
                shutil.copy(file, kept)
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evotrade.store.connection, "undoable", copied)
        store.add_cells([cell(name=str(n)) for n in range(50, 100)])
    return kept, store.path


def torn(moments: tuple[Path, Path], folder: Path, page: int) -> Path:
    """The store of a writer that died when it had written that many pages of the blocks."""
    before, after = moments
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    path = folder / "lab.duckdb"
    with path.open("r+b") as file:
        file.seek(BLOCKS_START)
        file.write(after.read_bytes()[BLOCKS_START : BLOCKS_START + page * PAGE])
    return path


def test_without_what_was_kept_such_a_death_loses_the_file(moments, tmp_path):
    path = torn(moments, tmp_path, 1)
    undo_file(path).unlink()
    with pytest.raises(StoreDamaged):
        Store(path)


@settings(
    max_examples=settings.default.max_examples // 3,  # each copies a store and opens it three times
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(page=st.integers(0, 200))
def test_a_death_after_any_page_loses_nothing(moments, tmp_path, page):
    path = torn(moments, tmp_path, page)
    store = Store(path)
    assert store.count_cells() == 100
    assert store.doctor().empty
    assert store.add_cells([cell()])
    assert not undo_file(path).exists()
    assert Store(path).count_cells() == 101


def test_a_checkpoint_that_had_been_through_stays(moments, tmp_path):
    path = torn(moments, tmp_path, 0)
    shutil.copy(moments[1], path)
    path.with_name("lab.duckdb.wal").unlink()
    assert Store(path).count_cells() == 100
    assert not undo_file(path).exists()


@given(length=st.integers(0, 3_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_its_writer_could_not_keep_whole_changes_nothing(moments, tmp_path, length):
    path = torn(moments, tmp_path, 0)
    kept = undo_file(path)
    kept.write_bytes(kept.read_bytes()[:length])
    assert Store(path).count_cells() == 100
    assert not kept.exists()
