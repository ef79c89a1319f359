"""How both ends of a TCP connection show that they have the token, without sending it.

The daemon's challenge and the client's nonce are 32 random bytes each, new for every connection, so that a recorded
proof is worth nothing and a stranger on the port learns nothing.
Source: docs/protocol.md, "TCP".
"""

import hashlib
import hmac

SIZE = 32
"""Bytes of a token, a challenge, a nonce and a proof."""


def client_proof(token: bytes, challenge: bytes, nonce: bytes) -> bytes:
    return _proof(token, b"client", challenge, nonce)


def daemon_proof(token: bytes, challenge: bytes, nonce: bytes) -> bytes:
    return _proof(token, b"daemon", challenge, nonce)


def _proof(token: bytes, role: bytes, challenge: bytes, nonce: bytes) -> bytes:
    return hmac.digest(token, b"nexsock " + role + challenge + nonce, hashlib.sha256)


def same(found: bytes, expected: bytes) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(found, expected)
