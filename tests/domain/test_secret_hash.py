"""SECRET_HASH, against pycognito's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycognito.aws_srp import AWSSRP

from cenote.domain import secret_hash
from cenote.domain.errors import NotAuthorized

CLIENT = "7lhlkkfbfb4q5kpp90urffao2d"
OLD, NEW = "old" * 17, "new" * 17
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(names, names)
def test_the_hash_is_pycognitos(secret: str, username: str) -> None:
    assert secret_hash.compute(CLIENT, secret, username) == AWSSRP.get_secret_hash(username, CLIENT, secret)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_with_two_secrets_either_is_good(secret: str) -> None:
    secret_hash.check(CLIENT, [OLD, NEW], "ada", secret_hash.compute(CLIENT, secret, "ada"))


def test_a_client_without_a_secret_needs_no_hash() -> None:
    secret_hash.check(CLIENT, [], "ada", None)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "é",
        "\ud800",
        secret_hash.compute(CLIENT, "gone", "ada"),
        secret_hash.compute(CLIENT, OLD, "Ada"),
        secret_hash.compute("another", OLD, "ada"),
        secret_hash.compute(CLIENT, OLD, "ada").rstrip("="),
        secret_hash.compute(CLIENT, OLD, "ada") + "=",
    ],
)
def test_case_82_a_wrong_hash_is_refused(given: str) -> None:
    # recorded text
    with pytest.raises(NotAuthorized, match=f"^Unable to verify secret hash for client {CLIENT}$"):
        secret_hash.check(CLIENT, [OLD, NEW], "ada", given)


def test_a_missing_hash_is_refused() -> None:
    # recorded text
    with pytest.raises(
        NotAuthorized, match=f"^Client {CLIENT} is configured with secret but SECRET_HASH was not received$"
    ):
        secret_hash.check(CLIENT, [OLD], "ada", None)


def test_a_hash_for_a_client_without_a_secret_is_refused() -> None:
    # assumed text
    with pytest.raises(NotAuthorized, match=r"^Unable to verify secret hash for client"):
        secret_hash.check(CLIENT, [], "ada", secret_hash.compute(CLIENT, "", "ada"))


def test_case_82_secrets_are_compared_whole() -> None:
    assert secret_hash.matches(OLD, OLD)
    for other in ("", OLD[:-1], OLD + "x", NEW, "é", "\ud800"):
        assert not secret_hash.matches(OLD, other)
