"""A pool's own tokens, with PyJWT and `cryptography` as independent witnesses."""

import base64
import hashlib
import hmac
import json
import tracemalloc
import zlib
from collections.abc import Mapping
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import jwt
from cenote.domain.jwt import Standing

NOW = 1_793_620_800_000
ISSUER = "http://localhost:9400/local_Ab3dEf9hI"
CLAIMS = {
    "sub": "429574a4-a081-4006-893f-94b7d6ede76b",
    "cognito:groups": ["admins"],
    "iss": ISSUER,
    "client_id": "7lhlkkfbfb4q5kpp90urffao2d",
    "token_use": "access",
    "scope": "aws.cognito.signin.user.admin",
    "auth_time": NOW // 1000,
    "exp": NOW // 1000 + 3600,
    "iat": NOW // 1000,
    "username": "ada",
}


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


PRIVATE = new_key()
PUBLIC = PRIVATE.public_key()
KEY = jwt.SigningKey(jwt.thumbprint(PUBLIC), PRIVATE)
VERIFIER = jwt.Verifier({KEY.kid: PUBLIC})
TOKEN = jwt.sign(CLAIMS, KEY)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def rs256(private: rsa.RSAPrivateKey, signed: str) -> str:
    return f"{signed}.{encoded(private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def forged(header: Mapping[str, Any], private: rsa.RSAPrivateKey = PRIVATE) -> str:
    """A token with another header, well signed: by the pool's own key unless another is named."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return rs256(private, f"{encoded(text)}.{TOKEN.split('.')[1]}")


def judged(claims: Mapping[str, Any], **changes: Any) -> Standing:
    expected: dict[str, Any] = {"issuer": ISSUER, "token_use": "access", "now": NOW, **changes}
    return jwt.judge(claims, **expected)


def test_a_signed_token_verifies_to_its_claims() -> None:
    assert VERIFIER.verify(TOKEN) == CLAIMS


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**53), st.booleans()),
        max_size=8,
    )
)
def test_any_claims_survive_and_pyjwt_reads_the_same(claims: dict[str, Any]) -> None:
    token = jwt.sign(claims, KEY)
    assert VERIFIER.verify(token) == claims
    assert json.loads(pyjwt.api_jws.decode(token, key=PUBLIC, algorithms=["RS256"])) == claims


def test_the_header_is_cognitos() -> None:
    # recorded: kid and alg, in this order, no typ
    header = base64.urlsafe_b64decode(TOKEN.split(".")[0] + "==")
    assert header == b'{"kid":"%b","alg":"RS256"}' % KEY.kid.encode()


def test_cryptography_verifies_the_signature() -> None:
    signed, _, signature = TOKEN.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    PUBLIC.verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_pyjwt_verifies_with_the_published_key() -> None:
    published = json.loads(jwt.jwks([jwt.public_jwk(PUBLIC, KEY.kid)]))
    keys = pyjwt.PyJWKSet.from_dict(published)
    assert pyjwt.decode(
        TOKEN, keys[KEY.kid], algorithms=["RS256"], issuer=ISSUER, options={"verify_exp": False}
    )


def test_the_published_key_has_cognitos_members_in_cognitos_order() -> None:
    # recorded from Cognito's jwks.json
    jwk = json.loads(jwt.public_jwk(PUBLIC, "a kid"))
    assert list(jwk) == ["alg", "e", "kid", "kty", "n", "use"]
    assert jwk | {"n": ""} == {
        "alg": "RS256",
        "e": "AQAB",
        "kid": "a kid",
        "kty": "RSA",
        "n": "",
        "use": "sig",
    }


def test_the_key_set_holds_every_key_and_may_be_empty() -> None:
    both = [jwt.public_jwk(PUBLIC, "1"), jwt.public_jwk(PUBLIC, "2")]
    assert [key["kid"] for key in json.loads(jwt.jwks(both))["keys"]] == ["1", "2"]
    assert json.loads(jwt.jwks([])) == {"keys": []}


def test_a_key_is_named_by_its_rfc_7638_thumbprint() -> None:
    members = json.loads(jwt.public_jwk(PUBLIC, "x"))
    canonical = f'{{"e":"{members["e"]}","kty":"RSA","n":"{members["n"]}"}}'
    assert base64.b64decode(KEY.kid) == hashlib.sha256(canonical.encode()).digest()


def test_keys_survive_being_stored() -> None:
    private = jwt.load_private_key(jwt.private_key_der(PRIVATE))
    assert private.private_numbers() == PRIVATE.private_numbers()
    public = jwt.load_public_jwk(jwt.public_jwk(PUBLIC, KEY.kid))
    assert public.public_numbers() == PUBLIC.public_numbers()


def test_a_private_key_of_another_kind_is_refused() -> None:
    der = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(TypeError, match="RSA"):
        jwt.load_private_key(der)


@pytest.mark.parametrize("algorithm", ["none", "nOnE", "NONE", "None", "", "RS256"])
def test_case_27_an_unsigned_token_is_refused(algorithm: str) -> None:
    header = encoded(json.dumps({"kid": KEY.kid, "alg": algorithm}).encode())
    payload = TOKEN.split(".")[1]
    for token in (f"{header}.{payload}.", f"{header}.{payload}", TOKEN.rpartition(".")[0] + "."):
        assert VERIFIER.verify(token) is None


@pytest.mark.parametrize("algorithm", ["HS256", "hs256", "RS256"])
def test_case_27_a_token_keyed_with_the_public_key_is_refused(algorithm: str) -> None:
    pem = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = encoded(f'{{"kid":"{KEY.kid}","alg":"{algorithm}"}}'.encode())
    signed = f"{header}.{TOKEN.split('.')[1]}"
    for secret in (pem, pem.strip(), jwt.public_jwk(PUBLIC, KEY.kid).encode()):
        tag = hmac.digest(secret, signed.encode(), "sha256")
        assert VERIFIER.verify(f"{signed}.{encoded(tag)}") is None


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS384", "RS512", "rs256", "EdDSA"])
def test_case_27_another_algorithm_is_refused_even_over_a_good_signature(algorithm: str) -> None:
    assert VERIFIER.verify(forged({"kid": KEY.kid, "alg": algorithm})) is None


@pytest.mark.parametrize(
    ("scheme", "digest"),
    [
        (padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        (padding.PKCS1v15(), hashes.SHA1()),
        (padding.PKCS1v15(), hashes.SHA384()),
        (padding.PKCS1v15(), hashes.SHA512()),
    ],
)
def test_case_27_another_signature_scheme_is_refused_under_the_right_header(
    scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm
) -> None:
    signed = TOKEN.rpartition(".")[0]
    assert VERIFIER.verify(f"{signed}.{encoded(PRIVATE.sign(signed.encode(), scheme, digest))}") is None


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"typ": "JWT"},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
)
def test_case_28_any_header_beyond_kid_and_alg_is_refused(extra: dict[str, Any]) -> None:
    assert VERIFIER.verify(forged({"kid": KEY.kid, "alg": "RS256", **extra})) is None


def test_case_28_the_same_header_spelled_otherwise_is_refused() -> None:
    payload = TOKEN.split(".")[1]
    for header in (
        f'{{"alg":"RS256","kid":"{KEY.kid}"}}',
        f'{{"kid": "{KEY.kid}", "alg": "RS256"}}',
        f'{{"kid":"{KEY.kid}","alg":"RS256","alg":"RS256"}}',
        f'{{"kid":"{KEY.kid}","alg":"RS256"}} ',
    ):
        assert VERIFIER.verify(rs256(PRIVATE, f"{encoded(header.encode())}.{payload}")) is None


def test_case_29_a_key_that_the_token_brings_along_is_ignored() -> None:
    other = new_key()
    jwk = json.loads(jwt.public_jwk(other.public_key(), KEY.kid))
    for extra in (
        {"jwk": jwk},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {},
    ):
        assert VERIFIER.verify(forged({"kid": KEY.kid, "alg": "RS256", **extra}, other)) is None


@pytest.mark.parametrize(
    "kid", ["", "../../dev/null", "/etc/passwd", "' OR 1=1 --", "foreign", None, 7, ["a"]]
)
def test_case_29_a_foreign_or_pathlike_kid_is_refused(kid: Any) -> None:
    assert VERIFIER.verify(forged({"kid": kid, "alg": "RS256"})) is None
    assert VERIFIER.verify(forged({"alg": "RS256"})) is None


def test_case_30_a_token_of_another_pools_key_is_refused() -> None:
    other = new_key()
    theirs = jwt.SigningKey(jwt.thumbprint(other.public_key()), other)
    assert VERIFIER.verify(jwt.sign(CLAIMS, theirs)) is None
    # nor does it help to use this pool's kid
    assert VERIFIER.verify(jwt.sign(CLAIMS, jwt.SigningKey(KEY.kid, other))) is None


def test_case_30_an_id_token_is_not_an_access_token_and_the_other_way_round() -> None:
    assert judged(CLAIMS) is Standing.GOOD
    assert judged({**CLAIMS, "token_use": "id"}) is Standing.WRONG
    assert judged(CLAIMS, token_use="id") is Standing.WRONG
    without = {name: value for name, value in CLAIMS.items() if name != "token_use"}
    assert judged(without) is Standing.WRONG


@pytest.mark.parametrize("issuer", [ISSUER + "/", ISSUER.upper(), ISSUER[:-1], "", None, [ISSUER]])
def test_case_30_another_issuer_is_refused(issuer: Any) -> None:
    assert judged({**CLAIMS, "iss": issuer}) is Standing.WRONG


def test_case_31_a_token_ends_at_its_exp_exactly() -> None:
    end = CLAIMS["exp"]
    assert isinstance(end, int)
    assert judged(CLAIMS, now=end * 1000 - 1) is Standing.GOOD
    assert judged(CLAIMS, now=end * 1000) is Standing.EXPIRED
    assert judged(CLAIMS, now=end * 1000 + 10**12) is Standing.EXPIRED


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_case_31_a_token_from_the_future_is_refused_beyond_the_nodes_clock_skew(name: str) -> None:
    assert judged({**CLAIMS, name: NOW // 1000 + 60}) is Standing.GOOD
    assert judged({**CLAIMS, name: NOW // 1000 + 61}) is Standing.WRONG


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_case_31_a_token_without_its_times_is_refused(name: str) -> None:
    assert judged({key: value for key, value in CLAIMS.items() if key != name}) is Standing.WRONG


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [None, "99999999999", 99999999999.5, True, [99999999999], {}])
def test_case_31_a_time_that_is_no_whole_number_is_refused(name: str, value: Any) -> None:
    assert judged({**CLAIMS, name: value}) is Standing.WRONG


@given(st.integers(0, len(TOKEN) - 1))
def test_case_32_a_truncated_token_is_refused(length: int) -> None:
    assert VERIFIER.verify(TOKEN[:length]) is None
    assert VERIFIER.verify(TOKEN[length + 1 :]) is None


@pytest.mark.parametrize("extra", ["=", "==", ".", " ", "\n", "\0", "A", "*", "é", ".x", "\u2028"])
def test_case_32_a_padded_or_extended_token_is_refused(extra: str) -> None:
    header, payload, signature = TOKEN.split(".")
    for token in (
        TOKEN + extra,
        extra + TOKEN,
        f"{header}{extra}.{payload}.{signature}",
        f"{header}.{payload}{extra}.{signature}",
        f"{header}.{extra}{payload}.{signature}",
        f"{header}.{payload}.{extra}{signature}",
    ):
        assert VERIFIER.verify(token) is None


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_case_32_a_token_with_one_character_changed_is_refused(place: int, other: str) -> None:
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    assert changed == TOKEN or VERIFIER.verify(changed) is None


def test_case_32_the_spare_bits_of_the_last_character_cannot_be_used() -> None:
    # 256 bytes of signature end in a character with 4 spare bits: 15 other spellings of the same bytes
    raw = base64.urlsafe_b64decode(TOKEN.rpartition(".")[2] + "==")
    spellings = [
        TOKEN[:-1] + last
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if base64.urlsafe_b64decode((TOKEN[:-1] + last).rpartition(".")[2] + "==") == raw
    ]
    assert len(spellings) == 16
    assert [token for token in spellings if VERIFIER.verify(token) is not None] == [TOKEN]


def test_case_32_standard_base64_is_refused() -> None:
    header, payload, signature = TOKEN.split(".")
    token = f"{header}.{payload}.{signature.translate(str.maketrans('-_', '+/'))}"
    assert token == TOKEN or VERIFIER.verify(token) is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_case_32_any_text_is_refused_without_an_error(payload: str, signature: str) -> None:
    assert VERIFIER.verify(payload) is None
    assert VERIFIER.verify(f"{payload}.{signature}") is None
    assert VERIFIER.verify(f"{KEY.header}.{payload}.{signature}") is None


@pytest.mark.parametrize(
    "token",
    [
        "A" * 50_000_000,
        "." * 50_000_000,
        KEY.header + "." * 50_000_000,
        f"{KEY.header}.{'A' * 50_000_000}.A",
    ],
    ids=["one segment", "dots", "dots after the header", "payload"],
)
def test_case_33_an_oversized_token_is_refused_before_any_work(token: str) -> None:
    tracemalloc.start()
    try:
        assert VERIFIER.verify(token) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000


def test_case_33_a_compressed_token_is_never_expanded() -> None:
    bomb = zlib.compress(b" " * 30_000_000)[2:-4]
    header = json.dumps({"kid": KEY.kid, "alg": "RS256", "zip": "DEF"}).encode()
    token = rs256(PRIVATE, f"{encoded(header)}.{encoded(bomb)}")
    assert len(token) < jwt.MAX_LENGTH
    tracemalloc.start()
    try:
        assert VERIFIER.verify(token) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("count", [2, 1000, 100_000])
def test_case_33_a_token_of_many_segments_is_refused(count: int) -> None:
    assert VERIFIER.verify(TOKEN + ".A" * count) is None


def test_case_30_verifiers_that_share_a_memory_keep_to_their_own_keys() -> None:
    other = new_key()
    seen = jwt.Seen()
    mine = jwt.Verifier({"a": PRIVATE.public_key()}, seen)
    theirs = jwt.Verifier({"a": other.public_key()}, seen)
    token = jwt.sign({"sub": "x"}, jwt.SigningKey("a", PRIVATE))
    for _ in range(2):
        assert mine.verify(token) == {"sub": "x"}
        assert theirs.verify(token) is None


def test_case_35_of_keys_that_come_and_go_each_set_remembers_for_itself() -> None:
    seen = jwt.Seen()
    before, after = (jwt.Verifier({"a": PRIVATE.public_key()}, seen) for _ in range(2))
    token = jwt.sign({"sub": "x"}, jwt.SigningKey("a", PRIVATE))
    for verifier in (before, after, before):
        assert verifier.verify(token) == {"sub": "x"}
        assert seen[token][0] is verifier
    assert len(seen) == 1
    assert jwt.Verifier({}, seen).verify(token) is None
    assert seen[token][0] is before


def test_what_is_remembered_is_bounded_and_cannot_be_changed() -> None:
    seen = jwt.Seen()
    verifier = jwt.Verifier({"a": PRIVATE.public_key()}, seen)
    key = jwt.SigningKey("a", PRIVATE)
    claims = verifier.verify(jwt.sign({"sub": "x"}, key))
    assert claims is not None
    with pytest.raises(TypeError):
        claims["sub"] = "y"  # type: ignore[index]
    for number in range(jwt.REMEMBERED + 10):
        seen.keep(str(number), verifier, {})
    assert len(seen) == jwt.REMEMBERED
    verifier.verify(jwt.sign({"long": "x" * jwt.REMEMBERED_LENGTH}, key))
    assert max(map(len, seen)) <= jwt.REMEMBERED_LENGTH
