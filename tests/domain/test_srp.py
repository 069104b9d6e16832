"""SRP as Cognito speaks it, with pycognito as the client."""

import base64
import hashlib
from typing import Any

import pytest
from gmpy2 import legendre, mpz, powmod
from hypothesis import given, settings
from hypothesis import strategies as st
from pycognito import aws_srp

from cenote.domain import srp

POOL_NAME = "a1B2c3D4e"
N = int(aws_srp.N_HEX, 16)
B_SECRET = bytes(range(32))
SALT = bytes(range(1, 17))
SECRET_BLOCK = b"sealed by the server"

# pycognito raises 3072-bit numbers to 1280-bit powers in plain Python: few examples go a long way.
slowly = settings(max_examples=12, deadline=None)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
salts = st.one_of(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=14, max_size=14).map(lambda tail: b"\0\0" + tail),
    st.binary(min_size=15, max_size=15).map(lambda tail: b"\x05" + tail),
    st.binary(min_size=15, max_size=15).map(lambda tail: b"\xf0" + tail),
)


def client(username: str, password: str) -> Any:
    return aws_srp.AWSSRP(username, password, f"eu-west-1_{POOL_NAME}", "client", client=object())


def client_claim(user: Any, username: str, salt: bytes, server_public: bytes) -> tuple[str, bytes]:
    """What pycognito would send in answer: the timestamp and the signature."""
    answer = user.process_challenge(
        {
            "USERNAME": username,
            "USER_ID_FOR_SRP": username,
            "SALT": srp.to_hex(salt),
            "SRP_B": srp.to_hex(server_public),
            "SECRET_BLOCK": base64.b64encode(SECRET_BLOCK).decode(),
        },
        {"USERNAME": username},
    )
    return answer["TIMESTAMP"], base64.b64decode(answer["PASSWORD_CLAIM_SIGNATURE"])


def server_claim(user: Any, username: str, stored: bytes, b: bytes, timestamp: str) -> bytes:
    client_public = srp.parse_public(user.get_auth_params()["SRP_A"])
    key = srp.shared_key(client_public, srp.challenge(stored, b), b, stored)
    return srp.signature(key, POOL_NAME, username, SECRET_BLOCK, timestamp)


@slowly
@given(names, names, salts, st.binary(min_size=32, max_size=32))
def test_pycognito_and_the_server_agree_on_the_claim(
    username: str, password: str, salt: bytes, b: bytes
) -> None:
    stored = srp.verifier(POOL_NAME, username, password, salt)
    user = client(username, password)
    timestamp, claim = client_claim(user, username, salt, srp.challenge(stored, b))
    assert server_claim(user, username, stored, b, timestamp) == claim


def test_a_wrong_password_makes_another_claim() -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    user = client("ada", "wrong")
    timestamp, claim = client_claim(user, "ada", SALT, srp.challenge(stored, B_SECRET))
    assert server_claim(user, "ada", stored, B_SECRET, timestamp) != claim


def test_a_decoy_can_be_answered_but_never_rightly() -> None:
    made_up = srp.decoy(b"s" * 32, "eu-west-1_pool/nobody")
    user = client("nobody", "guess")
    timestamp, claim = client_claim(user, "nobody", made_up.salt, srp.challenge(made_up.verifier, B_SECRET))
    assert server_claim(user, "nobody", made_up.verifier, B_SECRET, timestamp) != claim


@slowly
@given(names, names, names, salts)
def test_the_claim_changes_with_every_part_that_it_covers(
    one: str, other: str, timestamp: str, block: bytes
) -> None:
    claim = srp.signature(b"k" * 16, one, other, block, timestamp)
    assert claim != srp.signature(b"k" * 16, one, other, block, timestamp + "x")
    assert claim != srp.signature(b"k" * 16, one, other, block + b"x", timestamp)
    assert claim != srp.signature(b"l" * 16, one, other, block, timestamp)


@slowly
@given(names, salts)
def test_a_device_verifier_is_what_pycognito_registers(device_key: str, salt: bytes) -> None:
    # A device's own hash, computed as pycognito's generate_hash_device does, with its helpers.
    identity = aws_srp.hash_sha256(f"group{device_key}:device password".encode())
    x = int(aws_srp.hex_hash(aws_srp.pad_hex(int.from_bytes(salt, "big")) + identity), 16)
    registered = bytes.fromhex(aws_srp.pad_hex(pow(2, x, N)))
    made = srp.verifier("group", device_key, "device password", salt)
    assert int.from_bytes(made, "big") == int.from_bytes(registered, "big")


@given(st.binary(min_size=32, max_size=32))
def test_powers_of_g_from_the_table_are_the_powers_of_g(exponent: bytes) -> None:
    number = mpz.from_bytes(exponent, "big")
    assert srp._power_of_g(number) == powmod(2, number, N)


@pytest.mark.parametrize("exponent", [0, 1, 30, 31, 32, 2**255, 2**256 - 1])
def test_the_table_covers_the_smallest_and_largest_exponents(exponent: int) -> None:
    assert srp._power_of_g(mpz(exponent)) == powmod(2, exponent, N)


def test_a_password_is_checked_against_its_verifier() -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    assert len(stored) == srp.NUMBER_SIZE
    assert srp.check_password(POOL_NAME, "ada", "right", SALT, stored)


@pytest.mark.parametrize(
    ("pool_name", "username", "password", "salt"),
    [
        (POOL_NAME, "ada", "Right", SALT),
        (POOL_NAME, "ada", "right ", SALT),
        (POOL_NAME, "ada", "", SALT),
        (POOL_NAME, "Ada", "right", SALT),
        ("otherpool", "ada", "right", SALT),
        (POOL_NAME, "ada", "right", SALT[:-1] + b"\0"),
    ],
)
def test_another_password_user_pool_or_salt_is_refused(
    pool_name: str, username: str, password: str, salt: bytes
) -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    assert not srp.check_password(pool_name, username, password, salt, stored)


@pytest.mark.parametrize("multiple", [0, N, 2 * N])
def test_an_a_that_is_zero_modulo_n_is_refused(multiple: int) -> None:
    with pytest.raises(ValueError, match=r"not in the group|fitting size"):
        srp.parse_public(f"{multiple:x}")


@pytest.mark.parametrize("client_public", [0, N, N + 1])
def test_the_shared_key_refuses_an_a_outside_the_group(client_public: int) -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    server_public = srp.challenge(stored, B_SECRET)
    with pytest.raises(ValueError, match="not in the group"):
        srp.shared_key(client_public.to_bytes(385, "big"), server_public, B_SECRET, stored)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", " 1", "1 ", "0x1", "1_0", "g", "\u0661", "1\n", "1.0", "f" * 771, "f" * 1_000_000, "0"],
)
def test_an_a_that_is_no_plain_hexadecimal_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not in the group|fitting size"):
        srp.parse_public(text)


@given(st.integers(1, N - 1))
def test_an_a_may_carry_a_leading_zero_byte_and_either_case(number: int) -> None:
    expected = number.to_bytes(srp.NUMBER_SIZE, "big")
    assert srp.parse_public(f"{number:x}") == expected
    assert srp.parse_public(f"{number:0770X}") == expected


def test_an_exponent_of_another_size_is_refused() -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    with pytest.raises(ValueError, match="32 bytes"):
        srp.challenge(stored, B_SECRET[:-1])


def test_a_salt_with_leading_zeros_is_written_without_them() -> None:
    # pycognito hashes SALT's text, the JavaScript clients the number in it
    assert srp.to_hex(b"\0\x0a\xbc") == "abc"


def test_a_decoy_is_the_same_at_every_try_and_belongs_to_one_user_and_secret() -> None:
    made_up = srp.decoy(b"s" * 32, "pool/ada")
    assert made_up == srp.decoy(b"s" * 32, "pool/ada")
    others = [srp.decoy(b"s" * 32, "pool/bob"), srp.decoy(b"t" * 32, "pool/ada")]
    for other in others:
        assert other.salt != made_up.salt
        assert other.verifier != made_up.verifier


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_a_decoy_looks_like_a_record(username: str) -> None:
    made_up = srp.decoy(b"s" * 32, username)
    assert len(made_up.salt) == srp.SALT_SIZE
    assert len(made_up.verifier) == srp.NUMBER_SIZE
    # Real verifiers are powers of 2, and 2 is a square modulo this prime.
    number = mpz.from_bytes(made_up.verifier, "big")
    assert 0 < number < N
    assert legendre(number, mpz(N)) == 1


def test_a_sign_in_costs_three_powers_of_256_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = srp.verifier(POOL_NAME, "ada", "right", SALT)
    client_public = (5).to_bytes(srp.NUMBER_SIZE, "big")
    exponents: list[int] = []

    def counted_power(base: mpz, exponent: mpz, modulus: mpz) -> mpz:
        exponents.append(int(exponent))
        return powmod(base, exponent, modulus)

    def counted_power_of_g(exponent: mpz) -> mpz:
        return counted_power(mpz(2), exponent, mpz(N))

    monkeypatch.setattr("cenote.domain.srp.powmod", counted_power)
    monkeypatch.setattr("cenote.domain.srp._power_of_g", counted_power_of_g)
    server_public = srp.challenge(stored, B_SECRET)
    assert len(exponents) == 1
    srp.shared_key(client_public, server_public, B_SECRET, stored)
    assert len(exponents) == 3
    assert max(exponents).bit_length() <= 256


def test_the_multiplier_is_the_one_of_the_clients() -> None:
    padded = bytes.fromhex("00" + aws_srp.N_HEX + "02")
    assert hashlib.sha256(padded).digest() == int(srp._K).to_bytes(32, "big")
