"""Tokens: made once, kept from others, found again, and never shown."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.tokens import ROLES, Identity, Tokens, ensure_tokens, new_tokens, read_tokens, tokens_file

SECRET = "0123456789abcdefghij"


@pytest.fixture
def path(tmp_path):
    return tokens_file(tmp_path / "db" / "evotrade.duckdb")


def test_the_first_start_makes_one_token_for_each_role_and_the_next_keeps_them(path):
    made = ensure_tokens(path)
    assert [one.role for one in made] == list(ROLES)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.token for one in ensure_tokens(path)] == [one.token for one in made]
    assert [file.name for file in path.parent.iterdir()] == ["tokens.json"]


def test_daemons_that_start_together_agree_on_the_tokens(path):
    found = []
    starts = [threading.Thread(target=lambda: found.append(ensure_tokens(path))) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len({tuple(one.token for one in tokens) for tokens in found}) == 1


@given(st.sampled_from(ROLES), st.sampled_from(ROLES))
def test_a_role_may_what_lesser_ones_may(mine, wanted):
    assert Identity("a", mine, SECRET).may(wanted) == (ROLES.index(mine) >= ROLES.index(wanted))


@given(st.text(st.characters(exclude_categories=[])))
def test_nobody_is_found_by_a_token_that_is_none(text):
    assert new_tokens().find(text) is None


def test_everybody_is_found_by_the_own_token():
    tokens = new_tokens()
    for one in tokens:
        assert tokens.find(one.token) is one
        assert tokens.of_role(one.role) is one
        assert one.token not in repr(one)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused_with_the_repair(path, mode):
    ensure_tokens(path)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=f"others may read .*mode {mode:04o}.*chmod 600"):
        ensure_tokens(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not what the daemon wrote"),
        ("3", "is not what the daemon wrote"),
        ('[{"name": "a", "role": "viewer"}]', "needs a name, a role and a token"),
        (json.dumps([{"name": "a", "role": "king", "token": SECRET}]), "role 'king': use one of viewer"),
        (json.dumps([{"name": "a", "role": "viewer", "token": "short"}]), "of 'a' is no secret"),
        (json.dumps([{"name": "", "role": "viewer", "token": SECRET}]), "no name"),
        (json.dumps([{"name": n, "role": "viewer", "token": SECRET} for n in "ab"]), "the same token"),
    ],
)
def test_what_is_no_list_of_tokens_is_refused_without_a_secret_in_the_message(path, content, message):
    ensure_tokens(path)
    path.write_text(content)
    with pytest.raises(SettingsError, match=message) as refused:
        read_tokens(path)
    assert SECRET not in str(refused.value)


def test_missing_files_folders_and_roles_are_told(path, tmp_path):
    with pytest.raises(SettingsError, match="evotrade daemon makes it"):
        read_tokens(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be made"):
        ensure_tokens(tmp_path / "file" / "tokens.json")
    with pytest.raises(SettingsError, match="no token has the role admin"):
        Tokens([Identity("a", "viewer", SECRET)]).of_role("admin")
