"""The offline model's file and its terms, with a package made for the test in place of the real one."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from evotrade.errors import LlmError, LlmNotConfigured
from evotrade.llm.local import (
    GEMMA,
    accept,
    check_installed,
    is_accepted,
    model_file,
    own_folder,
    terms_of,
    terms_text,
)
from tests.llm.shipped import PIECES, TERMS, shipped_in

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    return shipped_in(tmp_path / "packages", monkeypatch)


def test_the_pieces_become_the_file_once(shipped, tmp_path):
    file = model_file(tmp_path / "own", shipped)
    assert file.read_bytes() == b"".join(PIECES)
    written = file.stat().st_mtime_ns
    assert model_file(tmp_path / "own", shipped).stat().st_mtime_ns == written


def test_a_file_that_broke_off_is_made_again(shipped, tmp_path):
    model_file(tmp_path, shipped).write_bytes(PIECES[0])
    assert model_file(tmp_path, shipped).read_bytes() == b"".join(PIECES)


def test_a_package_with_another_file_is_refused_and_nothing_left_of_it(shipped, tmp_path):
    (tmp_path / "packages" / shipped.package / "piece1").write_bytes(b"other")
    with pytest.raises(LlmError, match="is not the file that is known: install it again"):
        model_file(tmp_path / "own", shipped)
    assert list((tmp_path / "own").iterdir()) == []


def test_a_missing_piece_is_named(shipped, tmp_path):
    (tmp_path / "packages" / shipped.package / "piece1").unlink()
    with pytest.raises(LlmError, match=r"a piece of small is missing \(.*piece1\)"):
        model_file(tmp_path / "own", shipped)


def test_without_its_packages_it_is_said_how_to_install_it(shipped):
    with pytest.raises(LlmNotConfigured, match=r"pip install 'evotrade\[local-llm\]'"):
        check_installed(shipped, server="no_such_server")
    check_installed(shipped, server="json")


def test_terms_are_accepted_once_for_their_very_text(shipped, tmp_path):
    terms = terms_of(shipped)
    assert not is_accepted(terms, tmp_path)
    accept(terms, tmp_path, NOW, "asked")
    assert is_accepted(terms, tmp_path)
    (tmp_path / "packages" / shipped.package / "terms.html").write_text("<p>Other terms</p>")
    assert not is_accepted(terms_of(shipped), tmp_path)


def test_the_record_says_what_was_accepted_when_and_how(shipped, tmp_path):
    accept(terms_of(shipped), tmp_path, NOW, "--accept-licence")
    record = json.loads((tmp_path / "accepted-licences.json").read_text())
    assert record == {
        "small": {
            "terms_sha256": sha256(TERMS.encode()).hexdigest(),
            "accepted_at": "2026-01-02T03:04:05+00:00",
            "how": "--accept-licence",
        }
    }


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"small": "yes"}'])
def test_a_record_that_cannot_be_read_accepts_nothing(shipped, tmp_path, content):
    (tmp_path / "accepted-licences.json").write_text(content)
    assert not is_accepted(terms_of(shipped), tmp_path)
    accept(terms_of(shipped), tmp_path, NOW, "asked")
    assert is_accepted(terms_of(shipped), tmp_path)


def test_terms_are_the_article_of_the_page_with_the_addresses_of_its_links():
    assert terms_text(TERMS, "https://example.org/terms") == (
        "You agree to this.\nSection 1\nAnd to the policy (https://example.org/policy), too."
    )


def test_a_page_without_marks_is_shown_as_a_whole():
    assert terms_text("<html><p>All &amp; everything</p></html>", "https://example.org") == "All & everything"


def test_a_package_without_terms_is_not_used(shipped, tmp_path):
    (tmp_path / "packages" / shipped.package / "terms.html").write_text("<script>nothing()</script>")
    with pytest.raises(LlmError, match="terms of small are missing in its package: read https://example.org"):
        terms_of(shipped)


def test_its_folder_is_the_persons_own():
    assert str(own_folder({"XDG_DATA_HOME": "/somewhere"})) == "/somewhere/evotrade"
    assert own_folder({}).parts[-3:] == (".local", "share", "evotrade")


def test_the_model_is_the_one_whose_hash_is_known():
    assert (GEMMA.name, len(GEMMA.sha256)) == ("gemma-3-270m", 64)
