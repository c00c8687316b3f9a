"""What tokens prove, and for how long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import Bound, Claims
from hauberk.identity.tokens import KeyUnusable, Tokens, key_at

NOW = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
TTL = timedelta(hours=1)
KEY = b"k" * 32


def minted(tokens: Tokens) -> tuple[bytes, datetime]:
    text, expires = tokens.mint(
        namespace="default", service_account="web", pod_name="web-x7k2p", pod_uid="uid-1", now=NOW, ttl=TTL
    )
    return text.encode(), expires


def test_a_token_proves_its_one_identity_and_pod_until_it_expires() -> None:
    tokens = Tokens(KEY)
    token, expires = minted(tokens)
    claims = Claims("default", "web", Bound("web-x7k2p", "uid-1"))
    assert tokens.read(token, now=NOW) == claims
    assert tokens.read(token + b"\n", now=expires - timedelta(seconds=1)) == claims
    assert NOW + TTL - timedelta(seconds=1) < expires <= NOW + TTL
    late = tokens.read(token, now=expires)
    assert isinstance(late, Refusal)
    assert late.reason == "failed-precondition"


def test_the_control_planes_own_token_names_no_pod() -> None:
    tokens = Tokens(KEY)
    token, _ = tokens.mint_own(namespace="hauberk", service_account="linkerd-destination", now=NOW, ttl=TTL)
    assert tokens.read(token.encode(), now=NOW) == Claims("hauberk", "linkerd-destination", None)


def forged(**changes: object) -> bytes:
    binding = {"namespace": "default", "serviceaccount": {"name": "web"}}
    claims = {
        "iss": "hauberk",
        "aud": "identity.l5d.io",
        "sub": "s",
        "exp": NOW.timestamp() + 60,
        "kubernetes.io": binding,
    }
    return jwt.encode({**claims, **changes}, KEY, algorithm="HS256").encode()


def test_the_forgery_of_the_next_test_would_be_taken_unchanged() -> None:
    assert Tokens(KEY).read(forged(), now=NOW) == Claims("default", "web", None)


@pytest.mark.parametrize(
    "token",
    [
        b"x",
        b"\xff\xfe",
        b"a.b.c",
        forged(aud="kubernetes.default.svc"),
        forged(iss="somebody"),
        forged(exp="soon"),
        forged(exp=1e30),
        forged(**{"kubernetes.io": "default"}),
        forged(**{"kubernetes.io": {"namespace": "default"}}),
        jwt.encode({"sub": "s"}, None, algorithm="none").encode(),
        minted(Tokens(b"K" * 32))[0],
    ],
)
def test_what_this_mesh_did_not_make_proves_nothing(token: bytes) -> None:
    answer = Tokens(KEY).read(token, now=NOW)
    assert isinstance(answer, Refusal)
    assert answer.reason == "failed-precondition"
    assert token.decode(errors="replace") not in answer.message or len(token) == 1


def test_the_key_is_made_once_for_its_owner_only_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token.key"
    key = key_at(path)
    assert key_at(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert key_at(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(key[:-1])
    with pytest.raises(KeyUnusable, match="damaged"):
        key_at(path)
