"""API keys, their signatures and nonces, and the tokens of the private websocket."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from evotrade.exchange.sandbox.orders import Refused

DEMO_KEY = "sandbox-demo-key"
DEMO_SECRET = base64.b64encode(b"evotrade sandbox: this secret opens nothing real").decode()
PERMISSIONS = (
    "query-funds",
    "query-open-trades",
    "query-closed-trades",
    "modify-trades",
    "close-trades",
    "create-ws-token",
)
"""What the demo key may do. It cannot withdraw; a test adds `withdraw-funds` to a key of its own."""

TOKEN_LIFE_S = 900


@dataclass
class ApiKey:
    """A key, its base64 secret and permissions; `last_nonce` only ever rises."""

    key: str = DEMO_KEY
    secret: str = DEMO_SECRET
    permissions: tuple[str, ...] = PERMISSIONS
    last_nonce: int = 0


@dataclass
class Keys:
    """The keys of the account, and the tokens given out for them, by when they expire (seconds)."""

    known: dict[str, ApiKey] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)

    def authenticate(self, key: str, sign: str, path: str, nonce: str, body: bytes) -> ApiKey:
        """The key that signed a request, its nonce used up. `Refused` as Kraken refuses."""
        known = self.known.get(key)
        if known is None:
            raise Refused("EAPI:Invalid key")
        if not hmac.compare_digest(signature(known.secret, path, nonce, body), sign):
            raise Refused("EAPI:Invalid signature")
        if not nonce.isdigit() or int(nonce) <= known.last_nonce:
            raise Refused("EAPI:Invalid nonce")
        known.last_nonce = int(nonce)
        return known

    def new_token(self, key: ApiKey, now_s: float) -> str:
        """A token that opens the private websocket for 15 minutes."""
        text = f"{key.key} {len(self.tokens)} {key.last_nonce}"
        token = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        self.tokens[token] = now_s + TOKEN_LIFE_S
        return token

    def admits(self, token: object, now_s: float) -> bool:
        """Whether a token was given out and has not expired."""
        return isinstance(token, str) and self.tokens.get(token, now_s - 1) > now_s


def signature(secret: str, path: str, nonce: str, body: bytes) -> str:
    """Kraken's API-Sign: base64(HMAC-SHA512(secret, path + SHA256(nonce + body)))."""
    message = path.encode() + hashlib.sha256(nonce.encode() + body).digest()
    try:
        decoded = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise Refused("EAPI:Invalid key") from None
    return base64.b64encode(hmac.new(decoded, message, hashlib.sha512).digest()).decode()
