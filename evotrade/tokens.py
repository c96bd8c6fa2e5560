"""Who may ask the daemon for what: bearer tokens with roles, in a file beside the store.

The file is JSON, a list of `{"name": …, "role": …, "token": …}`, readable by its owner alone. A name says
who acts: it is the owner of the sessions that its token starts.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from evotrade.errors import SettingsError

Role = Literal["viewer", "trader", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most; each may do what those before it may."""

FILE_NAME = "tokens.json"
_LEAST_CHARACTERS = 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and in which role; its token shows in no text."""

    name: str
    role: Role
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise SettingsError(f"{self.name!r} has the role {self.role!r}: use one of {', '.join(ROLES)}")
        if not self.name:
            raise SettingsError(f"a token of the role {self.role} has no name: give it one")
        if len(self.token) < _LEAST_CHARACTERS or not self.token.isascii() or not self.token.isprintable():
            raise SettingsError(
                f"the token of {self.name!r} is no secret: use at least {_LEAST_CHARACTERS} ASCII "
                "characters, as python -c 'import secrets; print(secrets.token_urlsafe())' makes them"
            )

    def may(self, role: Role) -> bool:
        """Whether it may do what that role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Tokens:
    """The identities that there are. `SettingsError` for two of one name or token."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        self._identities = tuple(identities)
        for kind in ("name", "token"):
            if len({getattr(one, kind) for one in self._identities}) < len(self._identities):
                raise SettingsError(f"two tokens have the same {kind}: give each its own")

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._identities)

    def find(self, token: str) -> Identity | None:
        """Whose token it is. How long this takes says nothing of the tokens there are."""
        asked = token.encode("utf-8", "surrogateescape")
        same = [one for one in self._identities if hmac.compare_digest(one.token.encode(), asked)]
        return same[0] if same else None

    def of_role(self, role: Role) -> Identity:
        """The first identity of that role. `SettingsError` where there is none."""
        for one in self._identities:
            if one.role == role:
                return one
        raise SettingsError(f"no token has the role {role}: add one to {FILE_NAME} and start the daemon anew")


def tokens_file(store: Path) -> Path:
    """Where the tokens of a store's daemon are: beside the store."""
    return store.parent / FILE_NAME


def new_tokens() -> Tokens:
    """Fresh ones, one for each role, named like it."""
    return Tokens(Identity(role, role, secrets.token_urlsafe(32)) for role in ROLES)


def ensure_tokens(path: Path) -> Tokens:
    """The tokens of the file, which is made with fresh ones where it is missing.

    Raises `SettingsError` for one that others may read, or that can't be read or made.
    """
    if not path.exists():
        _write(path, new_tokens())
    return read_tokens(path)


def read_tokens(path: Path) -> Tokens:
    """The tokens of the file. `SettingsError` where it is missing, unreadable, or others may read it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}): evotrade daemon makes it at its first start"
        ) from None
    if mode & _OTHERS:
        raise SettingsError(
            f"others may read {path} (mode {mode:04o}): chmod 600 {path}, and renew its tokens"
        )
    try:
        return Tokens(_identity(item) for item in json.loads(content))
    except (ValueError, TypeError) as error:
        # what is wrong may stand in the text of a token, so that only our own errors are repeated
        why = str(error) if isinstance(error, SettingsError) else "it is not what the daemon wrote"
        raise SettingsError(
            f"{path} is no list of tokens: {why}; mend it, or delete it for new ones"
        ) from None


def _identity(item: Mapping[str, Any]) -> Identity:
    if set(item) != {"name", "role", "token"} or not all(isinstance(value, str) for value in item.values()):
        raise SettingsError("each token needs a name, a role and a token")
    return Identity(item["name"], item["role"], item["token"])


def _write(path: Path, tokens: Tokens) -> None:
    """Write the file at once: nobody finds half of it, and of two daemons that start together one wins."""
    text = json.dumps([{"name": one.name, "role": one.role, "token": one.token} for one in tokens], indent=2)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be made ({error.strerror}): put the store into a folder you may write to"
        ) from None
