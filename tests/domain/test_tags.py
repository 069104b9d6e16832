"""Tags of a pool. Limits are documented, texts assumed."""

import pytest

from cenote.domain import tags
from cenote.domain.errors import InvalidParameter


@pytest.mark.parametrize(
    "given",
    [
        {"aws:cloudformation:stack": "x"},
        {"AWS:x": "x"},
        {f"k{i}": "" for i in range(51)},
        {"k": "v" * 257},
        {"k" * 129: "v"},
        {"": "v"},
        {"cenote:pasword-hash": "argon2id"},
        {"Cenote:id": "eu-west-1_a"},
        {"cenote:password-hash": "md5"},
    ],
)
def test_tags_that_break_a_rule_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        tags.checked(given)


def test_tags_within_the_limits_are_taken() -> None:
    given = {f"k{i}": "v" * 256 for i in range(48)} | {
        "cenote:id": "eu-west-1_a",
        "cenote:password-hash": "srp",
    }
    assert tags.checked(given) == given


def test_adding_tags_keeps_the_others_and_counts_them() -> None:
    held = {f"k{i}": "" for i in range(50)}
    assert tags.added(held, {"k1": "new"})["k1"] == "new"
    with pytest.raises(InvalidParameter, match="at most 50"):
        tags.added(held, {"more": ""})


def test_removing_a_tag_that_is_not_there_is_no_error() -> None:
    assert tags.removed({"a": "1", "b": "2"}, ["b", "c"]) == {"a": "1"}


def test_a_pool_id_is_asked_for_by_tag() -> None:
    assert tags.wanted_id({"cenote:id": "eu-west-1_MyPool1"}, "eu-west-1") == "eu-west-1_MyPool1"
    assert tags.wanted_id({}, "eu-west-1") is None


@pytest.mark.parametrize(
    "wanted",
    [
        "MyPool",
        "us-east-1_MyPool",
        "eu-west-1_",
        "eu-west-1_my-pool",
        "eu-west-1_a/b",
        "eu-west-1_" + "a" * 46,
    ],
)
def test_a_pool_id_that_aws_could_not_give_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidParameter, match="cenote:id"):
        tags.wanted_id({"cenote:id": wanted}, "eu-west-1")


def test_no_tag_changes_the_id_of_a_pool() -> None:
    tags.require_same_id({"a": "b"}, "eu-west-1_a")
    tags.require_same_id({"cenote:id": "eu-west-1_a"}, "eu-west-1_a")
    with pytest.raises(InvalidParameter, match="cannot change"):
        tags.require_same_id({"cenote:id": "eu-west-1_b"}, "eu-west-1_a")


def test_passwords_are_srp_verifiers_unless_the_tag_says_argon2id() -> None:
    assert tags.password_hash({}) == "srp"
    assert tags.password_hash({"UserPoolTags": {"cenote:password-hash": "argon2id"}}) == "argon2id"


def test_a_client_turns_on_what_a_tag_of_its_own_says() -> None:
    pool = {"UserPoolTags": tags.checked({"cenote:client:abc123": "dpop-required device"})}
    assert tags.client_options(pool, "abc123") == {"dpop", "dpop-required", "device"}
    assert tags.client_options(pool, "abc") == frozenset()
    assert tags.client_options({}, "abc123") == frozenset()


@pytest.mark.parametrize("value", ["", " ", "dpop nonsense", "DPOP", "dpop,device"])
def test_a_client_turns_on_nothing_that_is_not_known(value: str) -> None:
    with pytest.raises(InvalidParameter, match="device, dpop, dpop-required, es256, par, par-required"):
        tags.checked({"cenote:client:abc123": value})


@pytest.mark.parametrize(
    "key", ["cenote:client:", "cenote:client:a-b", "cenote:clients", "Cenote:client:abc"]
)
def test_a_tag_that_names_no_client_is_unknown(key: str) -> None:
    with pytest.raises(InvalidParameter, match="knows no tag"):
        tags.checked({key: "dpop"})
