"""DPoP proofs, made by PyJWT and bent in every way; the example of RFC 9449 is the independent witness."""

import base64
import json
from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.warnings import InsecureKeyLengthWarning
from tests.prover import Prover

from cenote.domain import dpop
from cenote.domain.dpop import InvalidProof

NOW = 1_793_620_800_000
URL = "https://auth.example.com/oauth2/token"
TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
PROVERS = {name: Prover(name) for name in ("ES256", "RS256", "PS256")}
PROVER = PROVERS["ES256"]

# documented: the proof of RFC 9449 4.1 and the thumbprint of its key (6.1)
RFC_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
    "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox"
    "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RFC_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def checked(text: str, **changes: Any) -> dpop.Proof:
    return dpop.checked(text, **{"method": "POST", "url": URL, "now": NOW, **changes})


def proof(prover: Prover = PROVER, **changes: Any) -> str:
    return prover.proof("POST", URL, **{"now": NOW, **changes})


def refused(text: str, why: str | None = None, **changes: Any) -> None:
    with pytest.raises(InvalidProof, match=why):
        checked(text, **changes)


def test_the_example_of_the_specification_holds() -> None:
    now = 1_562_262_616_000
    found = checked(RFC_PROOF, url="https://server.example.com/token", now=now)
    assert found == dpop.Proof(RFC_THUMBPRINT, "-BwC3ESc6acc2lTc", now, "")


@pytest.mark.parametrize("algorithm", PROVERS)
def test_a_proof_tells_its_key(algorithm: str) -> None:
    prover = PROVERS[algorithm]
    found = checked(proof(prover, jti="j", nonce="n"))
    assert found == dpop.Proof(prover.thumbprint, "j", NOW, "n")


def test_a_proof_for_an_access_token_says_its_hash() -> None:
    # documented: the token and its `ath` of RFC 9449 7.1
    assert dpop.digest(TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    assert checked(proof(token=TOKEN), token=TOKEN).key == PROVER.thumbprint
    refused(proof(token=TOKEN + "x"), "ath", token=TOKEN)
    refused(proof(), "ath", token=TOKEN)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"header": {"typ": "JWT"}}, "typ"),
        ({"header": {"typ": None}}, "typ"),
        ({"header": {"crit": ["exp"]}}, "crit"),
        ({"header": {"jwk": None}}, "jwk"),
        ({"header": {"jwk": "x"}}, "jwk"),
        ({"htm": "GET"}, "htm"),
        ({"htm": "post"}, "htm"),
        ({"htm": None}, "htm"),
        ({"htu": "https://auth.example.com/oauth2/revoke"}, "htu"),
        ({"htu": "http://auth.example.com/oauth2/token"}, "htu"),
        ({"htu": "https://auth.example.com:444/oauth2/token"}, "htu"),
        ({"htu": "https://evil.example/oauth2/token"}, "htu"),
        ({"htu": "https://auth.example.com@evil.example/oauth2/token"}, "htu"),
        ({"htu": "https://auth.example.com/oauth2/token/"}, "htu"),
        ({"htu": "/oauth2/token"}, "htu"),
        ({"htu": "https://ada@auth.example.com/oauth2/token"}, "htu"),
        ({"htu": "ftp://auth.example.com/oauth2/token"}, "htu"),
        ({"htu": "https://[/oauth2/token"}, "htu"),
        ({"htu": ["https://auth.example.com/oauth2/token"]}, "htu"),
        ({"htu": None}, "htu"),
        ({"iat": NOW // 1000 - 301}, "iat"),
        ({"iat": NOW // 1000 + 61}, "iat"),
        ({"iat": None}, "iat"),
        ({"iat": True}, "iat"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "j" * 257}, "jti"),
        ({"jti": 1}, "jti"),
        ({"nonce": 1}, "nonce"),
    ],
)
def test_a_proof_of_something_else_is_refused(changes: dict[str, Any], why: str) -> None:
    refused(proof(**changes), why)


@pytest.mark.parametrize(
    "htu",
    ["HTTPS://AUTH.example.com/oauth2/token", URL + "?a=b#c", "https://auth.example.com:443/oauth2/token"],
)
def test_the_address_may_be_spelt_otherwise(htu: str) -> None:
    assert checked(proof(htu=htu)).key == PROVER.thumbprint


def test_a_proof_is_good_for_five_minutes_and_a_clock_may_be_a_minute_ahead() -> None:
    for issued in (NOW - 300_000, NOW + 60_000):
        assert checked(proof(now=issued)).issued_at == issued


def test_a_time_may_have_a_fraction_and_is_a_number() -> None:
    assert checked(proof(iat=NOW / 1000 + 0.25)).issued_at == NOW + 250
    for time in (float("1e300"), -1e300, 0.0, 10**40, str(NOW // 1000), [NOW // 1000]):
        refused(proof(iat=time), "iat|cannot be read")
    text = proof(iat=NOW // 1000)
    header, payload, _ = text.split(".")
    claims = base64.urlsafe_b64decode(payload + "==")
    for word in (b"NaN", b"Infinity", b"1e999"):
        bent = claims.replace(str(NOW // 1000).encode(), word)
        signed = f"{header}.{b64(bent)}"
        made = pyjwt.get_algorithm_by_name("ES256").sign(signed.encode(), PROVER.private)
        refused(f"{signed}.{b64(made)}", "iat|cannot be read")


def test_case_29_a_private_key_in_the_header_is_refused() -> None:
    for member in sorted(dpop.PRIVATE):
        refused(proof(header={"jwk": {**PROVER.jwk, member: "AQ"}}), "public key")


@pytest.mark.parametrize("members", [{"use": "enc"}, {"alg": "RS256"}])
def test_a_key_for_something_else_is_refused(members: dict[str, str]) -> None:
    refused(proof(header={"jwk": {**PROVER.jwk, **members}}), "something else")


def test_case_27_unsigned_and_symmetric_proofs_are_refused() -> None:
    content = pyjwt.decode(proof(), options={"verify_signature": False})
    for algorithm in ("none", "HS256"):
        key = "" if algorithm == "none" else "k" * 32
        headers = {"typ": "dpop+jwt", "jwk": PROVER.jwk}
        refused(pyjwt.encode(content, key, algorithm=algorithm, headers=headers), "alg must be")
    header, payload, _ = proof().split(".")
    refused(f"{header}.{payload}.", "not signed|length")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS512", "ES384", "EdDSA", "none", ""])
def test_case_27_other_algorithms_are_refused(algorithm: str) -> None:
    refused(with_header(proof(), alg=algorithm), "alg must be")


def test_case_27_a_key_is_only_good_for_its_own_algorithm() -> None:
    rsa, curve = PROVERS["RS256"], PROVER
    refused(with_header(proof(rsa), alg="ES256"), "curve P-256")
    refused(with_header(proof(curve), alg="RS256"), "RSA key")
    refused(with_header(proof(curve), alg="PS256"), "RSA key")
    refused(with_header(proof(rsa), alg="PS256"), "not signed")
    refused(with_header(proof(PROVERS["PS256"]), alg="RS256"), "not signed")


def test_case_33_keys_of_other_strengths_and_malformed_ones_are_refused() -> None:
    weak = Prover("RS256", bits=1024)
    with pytest.warns(InsecureKeyLengthWarning):
        refused(proof(weak), "2048 to 4096")
    refused(
        with_header(proof(PROVERS["RS256"]), jwk={**PROVERS["RS256"].jwk, "n": "_" * 1368}), "2048 to 4096"
    )
    slow = {**PROVERS["RS256"].jwk, "e": base64.urlsafe_b64encode(b"\xff" * 8).decode().rstrip("=")}
    refused(with_header(proof(PROVERS["RS256"]), jwk=slow), "small exponent")
    padded = {**PROVERS["RS256"].jwk, "e": "AAEAAQ"}
    refused(with_header(proof(PROVERS["RS256"]), jwk=padded), "cannot be read")
    off = {**PROVER.jwk, "y": PROVER.jwk["x"]}
    refused(with_header(proof(), jwk=off), "not signed")
    for x in ("AA", "", PROVER.jwk["x"] + "=", 1, None):
        refused(with_header(proof(), jwk={**PROVER.jwk, "x": x}))
    refused(with_header(proof(), jwk={**PROVER.jwk, "crv": "P-384"}), "curve P-256")


def test_case_27_a_key_says_what_it_is() -> None:
    refused(proof(header={"jwk": {**PROVER.jwk, "kty": "OKP"}}), "curve P-256")
    refused(proof(header={"jwk": {**PROVER.jwk, "crv": "secp256k1"}}), "curve P-256")
    refused(proof(PROVERS["RS256"], header={"jwk": {**PROVERS["RS256"].jwk, "kty": "EC"}}), "RSA key")


def test_case_32_a_key_and_a_signature_have_one_spelling() -> None:
    """Another spelling of a key would have another thumbprint."""
    while True:
        short = Prover()
        x = base64.urlsafe_b64decode(short.jwk["x"] + "==")
        if x[0] == 0:
            break
    assert checked(proof(short)).key == short.thumbprint
    refused(proof(short, header={"jwk": {**short.jwk, "x": b64(x[1:])}}), "wrong length")
    signed, _, signature = proof().rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    for other in (raw[:32] + b"\0" + raw[32:], raw + b"\0", raw[:-1]):
        refused(f"{signed}.{b64(other)}", "wrong length")


def test_case_32_cut_long_and_respelt_proofs_are_refused() -> None:
    good = proof()
    for text in (
        "",
        ".",
        "..",
        "a.b.c",
        good[:-1],
        good + "=",
        good + ".",
        good + ".x",
        f" {good}",
        good + "\n",
    ):
        refused(text)
    refused(proof(jti="j", filler="x" * 4096), "too long")


@given(st.data())
def test_another_letter_anywhere_is_refused(data: st.DataObject) -> None:
    good = proof(jti="j")
    at = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_."))
    if letter != good[at]:
        refused(good[:at] + letter + good[at + 1 :])


@given(st.text(max_size=200))
def test_no_text_is_more_than_refused(text: str) -> None:
    refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit"]), JSON), st.binary(max_size=70))
def test_no_header_is_more_than_refused(header: dict[str, Any], signature: bytes) -> None:
    payload = proof().split(".")[1]
    refused(f"{encoded({'typ': 'dpop+jwt', 'alg': 'ES256', **header})}.{payload}.{b64(signature)}")


@given(
    st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use"]), JSON),
    st.sampled_from(list(PROVERS)),
)
def test_no_key_is_more_than_refused(jwk: dict[str, Any], algorithm: str) -> None:
    own = PROVERS[algorithm]
    refused(with_header(proof(own), jwk={**own.jwk, **jwk}))


def with_header(text: str, **members: Any) -> str:
    """The same claims and signature under a header with other members, which is another text in any case."""
    header, payload, signature = text.split(".")
    known = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{encoded({**known, **members})}.{payload}.{signature}"


def encoded(members: dict[str, Any]) -> str:
    return b64(json.dumps(members).encode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
