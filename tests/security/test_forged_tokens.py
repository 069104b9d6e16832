"""Tokens bent in every way a client could bend them, at the running server; and the keys that sign them (27 to 35)."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from tests.calls import claims_of, outcome, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.security.raw import ask, call

from cenote.domain import jwt
from cenote.flows.signing import PoolSigner

Bent = Callable[["Forger"], list[str]]
INVALID = ("NotAuthorized", "Invalid Access Token")


class Forger:
    """Somebody with a good token, and, for measure, with the pool's own key."""

    def __init__(self, make: PoolFactory) -> None:
        self.server, self.pool = make.server, make.pool()
        self.app = str(make.client(self.pool)["ClientId"])
        make.user(self.pool, "ada")
        self.tokens = sign_in(make.server.idp, self.app, "ada")
        self.token = str(self.tokens["AccessToken"])
        self.header, self.payload, self.signature = self.token.split(".")

    def signer(self) -> PoolSigner:
        async def found() -> PoolSigner:
            return await self.server.app.signing.of(await self.server.app.store.pools.get(self.pool))

        signer: PoolSigner = self.server.run(found())
        return signer

    @property
    def key(self) -> rsa.RSAPrivateKey:
        private = self.signer().access_key.private
        assert isinstance(private, rsa.RSAPrivateKey)
        return private

    def signed(self, header: Any, claims: Any) -> str:
        """A token that only its content makes wrong: the signature is the pool's own."""
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(self.key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"

    def header_with(self, **members: Any) -> dict[str, Any]:
        return {**json.loads(decoded(self.header)), **members}

    def claims_with(self, **members: Any) -> dict[str, Any]:
        return {**claims_of(self.token), **members}

    def said(self, token: str) -> tuple[str, str]:
        return call(self.server.url, "GetUser", {"AccessToken": token}).error


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "==")


@pytest.fixture(scope="module")
def forger(make: PoolFactory) -> Forger:
    return Forger(make)


def test_what_the_forger_starts_from_is_good(forger: Forger) -> None:
    """The measure of all tests below: the same header, other claims, the pool's signature."""
    compact = json.dumps(forger.header_with(), separators=(",", ":")).encode()
    assert encoded(compact) == forger.header
    assert forger.said(forger.signed(compact, forger.claims_with(jti="another"))) == ("", "")


def unsigned(forger: Forger) -> list[str]:
    headers = [forger.header_with(alg=alg) for alg in ("none", "None", "nOnE", "NONE", "")]
    return [
        f"{encoded(header)}.{forger.payload}.{signature}"
        for header in headers
        for signature in ("", forger.signature)
    ] + [f"{forger.header}.{forger.payload}.", f"{forger.header}.{forger.payload}"]


def keyed_with_the_public_key(forger: Forger) -> list[str]:
    public = forger.key.public_key()
    forms = (serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1)
    keys = [public.public_bytes(serialization.Encoding.PEM, form) for form in forms]
    jwks = ask(forger.server.url, "GET", f"/{forger.pool}/.well-known/jwks.json").document["keys"]
    keys += [json.dumps(key).encode() for key in jwks] + [key["n"].encode() for key in jwks]
    header, claims = forger.header_with(alg="HS256"), claims_of(forger.token)
    text = f"{encoded(header)}.{encoded(claims)}"
    return [f"{text}.{encoded(hmac.digest(key, text.encode(), hashlib.sha256))}" for key in keys]


def of_another_kind_of_key(forger: Forger) -> list[str]:
    curve = ec.generate_private_key(ec.SECP256R1())
    claims, headers = claims_of(forger.token), {"kid": forger.header_with()["kid"]}
    made = [pyjwt.encode(claims, curve, algorithm="ES256", headers=headers)]
    return made + [
        pyjwt.encode(claims, forger.key, algorithm=algorithm, headers=headers)
        for algorithm in ("PS256", "RS384", "RS512", "PS512")
    ]


def with_critical_headers(forger: Forger) -> list[str]:
    members: list[dict[str, Any]] = [
        {"crit": ["exp"], "exp": 9_999_999_999},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": ["unheard-of"], "unheard-of": True},
    ]
    return [forger.signed(forger.header_with(**each), forger.claims_with()) for each in members]


def with_a_key_of_their_own(forger: Forger) -> list[str]:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = forger.header_with()["kid"]
    jwk = json.loads(jwt.public_jwk(own.public_key(), kid))
    headers: list[dict[str, Any]] = [
        {"kid": kid, "jwk": jwk},
        {"kid": kid, "jku": "http://127.0.0.1:1/jwks.json"},
        {"kid": kid, "x5u": "http://127.0.0.1:1/chain.pem"},
        {"kid": kid, "x5c": ["AAAA"]},
        {"kid": jwt.thumbprint(own.public_key())},
        *(
            {"kid": text}
            for text in ("", "../../etc/passwd", "/dev/null", "' OR 1=1 --", kid + "\0", kid.lower())
        ),
    ]
    return [pyjwt.encode(claims_of(forger.token), own, algorithm="RS256", headers=each) for each in headers]


def with_a_foreign_kid_over_a_good_signature(forger: Forger) -> list[str]:
    kids = ("", "../x", "none", "0" * 44, None, 1, ["x"])
    return [forger.signed(forger.header_with(kid=kid), forger.claims_with()) for kid in kids]


def of_wrong_times(forger: Forger) -> list[str]:
    now = forger.server.clock() // 1000
    changes: list[dict[str, Any]] = [
        {"exp": "9999999999"}, {"exp": True}, {"exp": None}, {"exp": now + 3600.5}, {"iat": None},
        {"iat": now + 3600}, {"nbf": now + 3600}, {"nbf": "0"}, {"iat": "0"},
    ]  # fmt: skip
    exact = json.dumps(forger.header_with(), separators=(",", ":")).encode()
    return [forger.signed(exact, forger.claims_with(**change)) for change in changes]


def spelled_otherwise(forger: Forger) -> list[str]:
    token, (last, rest) = forger.token, (forger.signature[-1], forger.signature[:-1])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    neighbours = [char for char in alphabet if alphabet.index(char) // 16 == alphabet.index(last) // 16]
    spare = [f"{forger.header}.{forger.payload}.{rest}{char}" for char in neighbours if char != last]
    flipped = decoded(forger.payload).replace(b"ada", b"eve")
    return [
        token[:-1], token + "=", token + "==", token + "A", token + ".", "." + token, token.replace(".", "..", 1),
        f"{forger.header}=.{forger.payload}.{forger.signature}",
        f"{forger.header}.{forger.payload}=.{forger.signature}",
        f"{forger.header}.{encoded(flipped)}.{forger.signature}", f"{forger.header}.{forger.payload}.{forger.header}",
        *spare,
    ]  # fmt: skip


def far_too_large(forger: Forger) -> list[str]:
    depth = 90_000
    issuer = claims_of(forger.token)["iss"]
    nested = f'{{"iss":"{issuer}","a":' + "[" * depth + "]" * depth + "}"
    squeezed = zlib.compress(json.dumps(forger.claims_with(filler="A" * 50_000_000)).encode())
    packed = encoded({"zip": "DEF", **forger.header_with()})
    return [
        f"{forger.header}.{'A' * 1_000_000}.{forger.signature}",
        f"{'A' * 1_000_000}.{forger.payload}.{forger.signature}",
        f"{forger.header}.{forger.payload}.{'A' * 1_000_000}",
        f"{forger.header}.{encoded(nested.encode())}.{forger.signature}",
        f"{packed}.{encoded(squeezed)}.{forger.signature}",
        f"{encoded({'alg': 'dir', 'enc': 'A256GCM', 'zip': 'DEF'})}..{encoded(b'0' * 12)}.{encoded(squeezed)}.AAAA",
        "A." * 100_000 + "A",
        f"{forger.header}.{encoded(b'9' * 200_000)}.{forger.signature}",
    ]


def assert_no_token(forger: Forger, tokens: list[str]) -> None:
    said = {forger.said(token) for token in tokens}
    # Characters that no token has are refused by the model already.
    assert {error for error in said if error[0] != "InvalidParameter"} == {INVALID}


@pytest.mark.parametrize("bent", [unsigned, keyed_with_the_public_key, of_another_kind_of_key])
def test_case_27_another_signature_than_the_pools_is_none(forger: Forger, bent: Bent) -> None:
    assert_no_token(forger, bent(forger))


def test_case_28_a_critical_header_is_not_passed_over(forger: Forger) -> None:
    assert_no_token(forger, with_critical_headers(forger))


@pytest.mark.parametrize("bent", [with_a_key_of_their_own, with_a_foreign_kid_over_a_good_signature])
def test_case_29_the_token_does_not_say_which_key_it_is_verified_with(forger: Forger, bent: Bent) -> None:
    assert_no_token(forger, bent(forger))


def test_case_31_a_token_without_its_times_or_from_the_future_is_refused(forger: Forger) -> None:
    assert_no_token(forger, of_wrong_times(forger))


@pytest.mark.parametrize("pool_id", ["eu-central-1_\0", "eu-central-1_\u00e9", "\ud800", "a\nb", "", " "])
def test_a_token_of_what_no_pool_is_called_is_invalid(server: RunningServer, pool_id: str) -> None:
    issuer = f"{server.app.settings.base_url}/{pool_id}"
    payload = base64.urlsafe_b64encode(json.dumps({"iss": issuer}).encode()).decode().rstrip("=")
    assert call(server.url, "GetUser", {"AccessToken": f"eyJhIjoiYiJ9.{payload}.AAAA"}).error == INVALID


def test_a_token_says_the_same_pool_whether_it_was_seen_or_not(forger: Forger) -> None:
    signing = forger.server.app.signing
    new = str(sign_in(forger.server.idp, forger.app, "ada")["AccessToken"])
    assert signing.pool_of(new) == forger.pool
    assert forger.server.idp.get_user(AccessToken=new)["Username"] == "ada"
    assert signing.pool_of(new) == forger.pool
    elsewhere = forger.signed(forger.header_with(), forger.claims_with(iss="http://x/local_other"))
    assert signing.pool_of(elsewhere) == "local_other"
    assert [signing.pool_of(text) for text in ("", "a.b", "a.b.c", new + ".d")] == [None] * 4


def test_case_32_a_token_has_one_spelling(forger: Forger) -> None:
    assert_no_token(forger, spelled_otherwise(forger))


def test_case_33_a_token_far_too_large_is_refused_in_passing(forger: Forger) -> None:
    assert_no_token(forger, far_too_large(forger))


def test_case_30_tokens_of_one_kind_and_pool_are_none_of_another(forger: Forger, make: PoolFactory) -> None:
    other = Forger(make)
    exact = json.dumps(other.header_with(), separators=(",", ":")).encode()
    issuer = claims_of(other.token)["iss"]
    for token in (
        forger.tokens["IdToken"],
        forger.tokens["RefreshToken"],
        other.signed(exact, forger.claims_with()),  # pool A's claims under pool B's key
        other.signed(exact, {**forger.claims_with(), "iss": issuer}),  # A's session as B's
        forger.signed(json.dumps(forger.header_with(), separators=(",", ":")).encode(), other.claims_with()),
    ):
        assert forger.said(token)[0] in {"NotAuthorized", "UserNotFound"}
    # Only what it is for differs from a good one.
    for use in ("id", "refresh", "ACCESS", "", None, ["access"]):
        bent = json.dumps(forger.header_with(), separators=(",", ":")).encode()
        assert forger.said(forger.signed(bent, forger.claims_with(token_use=use))) == INVALID


# The keys


def rotated(server: RunningServer, pool: str) -> None:
    server.run(server.app.signing.rotate(pool, now=server.clock()))


def test_case_35_old_tokens_live_to_their_expiry_under_a_key_that_is_still_published(
    own: PoolFactory,
) -> None:
    server = own.server
    server.clock.freeze()
    pool = own.pool()
    app = own.client(pool, AccessTokenValidity=24, IdTokenValidity=24)["ClientId"]
    own.user(pool, "ada")
    path = f"/{pool}/.well-known/jwks.json"

    def published() -> set[str]:
        return {key["kid"] for key in ask(server.url, "GET", path).document["keys"]}

    first, old = published(), sign_in(server.idp, app, "ada")
    rotated(server, pool)
    second = published() - first
    assert len(first) == len(second) == 2
    assert first < published()
    new = sign_in(server.idp, app, "ada")
    assert {pyjwt.get_unverified_header(new[name])["kid"] for name in ("AccessToken", "IdToken")} == second
    server.clock.advance(hours=23, minutes=59)
    rotated(server, pool)
    assert first < published()
    assert server.idp.get_user(AccessToken=old["AccessToken"])["Username"] == "ada"
    server.clock.advance(minutes=2)
    assert outcome(server.idp.get_user, AccessToken=old["AccessToken"]) == "Access Token has expired"
    server.clock.advance(days=2)
    rotated(server, pool)
    assert not first & published()


def test_case_35_a_retired_key_signs_nothing_more_even_for_who_has_the_database(own: PoolFactory) -> None:
    """Its private part is gone with its retirement: there is nothing left to steal."""
    server, pool = own.server, own.pool()
    rotated(server, pool)
    select = "SELECT private_sealed, retired_at FROM signing_keys WHERE pool_id = ?"
    rows = server.run(server.app.store.engine.all(select, pool))
    assert sorted((sealed is None, retired is None) for sealed, retired in rows) == [
        (False, True), (False, True), (True, False), (True, False),
    ]  # fmt: skip


def test_case_35_private_keys_are_in_no_file_in_the_clear(own: PoolFactory) -> None:
    forger = Forger(own)
    numbers = forger.key.private_numbers()
    secret = [
        number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.d, numbers.p, numbers.q)
    ]
    data = Path(own.server.app.settings.data)
    written = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert forger.pool.encode() in written
    for part in secret:
        for form in (part, part.hex().encode(), base64.b64encode(part), base64.urlsafe_b64encode(part)):
            assert form[:24] not in written
    assert b"PRIVATE KEY" not in written


def test_case_35_nothing_but_public_parts_is_published(forger: Forger) -> None:
    answer = ask(forger.server.url, "GET", f"/{forger.pool}/.well-known/jwks.json")
    for key in answer.document["keys"]:
        assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}


@pytest.mark.parametrize(
    "path",
    ["/{pool}/x/.well-known/jwks.json", "/{pool}//.well-known/openid-configuration", "/%00/.well-known/jwks.json",
     "/x{pool}/.well-known/jwks.json", "/{pool}%20/.well-known/jwks.json", "/.well-known/jwks.json",
     "/%F0%9F%92%A9/.well-known/jwks.json", "/%ff%fe/.well-known/openid-configuration"],
)  # fmt: skip
def test_case_35_keys_are_published_at_their_own_path_only(forger: Forger, path: str) -> None:
    answer = ask(forger.server.url, "GET", path.format(pool=forger.pool))
    assert answer.status == 404
    assert "max-age" not in answer.headers.get("cache-control", "")
