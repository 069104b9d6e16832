"""Passwords as they are sent, by every way in and out: none is trimmed, cut or normalised (cases 53, 54, 82)."""

import hmac
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from tests.api.idp.test_srp import Client
from tests.calls import PASSWORD, at_once, attempt, outcome, refresh, refusal, secret_hash, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import code_to
from tests.security.raw import call

from cenote.domain import srp

# Unusual passwords, each with what it must not be taken for.
PASSWORDS: dict[str, tuple[str, list[str]]] = {
    "256 characters": (
        "Aa1!" + "x" * 252,
        ["Aa1!" + "x" * 251, "Aa1!" + "x" * 251 + "y", "Aa1!" + "x" * 253],
    ),
    "beyond 72 bytes": ("Aa1!" + "ß" * 40 + "end", ["Aa1!" + "ß" * 40 + "End", "Aa1!" + "ß" * 34]),
    "composed": ("Aa1!caf\u00e9xx", ["Aa1!cafe\u0301xx", "Aa1!cafexx", "Aa1!CAF\u00c9xx"]),
    "decomposed": ("Aa1!cafe\u0301xx", ["Aa1!caf\u00e9xx"]),
    "compatible": ("Aa1!\ufb01\u2460xx", ["Aa1!fi1xx"]),
    "emoji": ("Aa1!👩\u200d👩\u200d👧xx", ["Aa1!👩👩👧xx", "Aa1!👩\u200d👩\u200d👦xx"]),
    "no-break spaces": ("\u00a0Aa1!xxxx\u00a0", ["Aa1!xxxx", " Aa1!xxxx "]),
    "a dotless i": ("Aa1!\u0131\u0130xx", ["Aa1!iixx", "Aa1!ii\u0307xx"]),
    "quotes and signs": ("Aa1!\"'<>&%00\\x", ["Aa1!\"'<>&%00x"]),
}
Setting = Callable[["Door", str], str]


class Door:
    """A user whose password can be set in every way."""

    def __init__(self, make: PoolFactory, scheme: str, name: str) -> None:
        self.make, self.idp, self.name = make, make.server.idp, name
        self.pool = make.pool(UserPoolTags={"cenote:password-hash": scheme}, AutoVerifiedAttributes=["email"])
        self.app = str(make.client(self.pool)["ClientId"])
        self.email = f"{name}.{self.pool}@example.com"

    def user(self) -> None:
        self.make.user(self.pool, self.name, email=self.email, email_verified="true")

    def srp(self, password: str) -> str:
        return outcome(Client(self.name, password, self.pool, self.app, client=self.idp).authenticate_user)


def by_sign_up(at: Door, password: str) -> str:
    mail = [{"Name": "email", "Value": at.email}]
    said = outcome(at.idp.sign_up, ClientId=at.app, Username=at.name, Password=password, UserAttributes=mail)
    if said == "ok":
        at.idp.admin_confirm_sign_up(UserPoolId=at.pool, Username=at.name)
    return said


def by_administrator(at: Door, password: str) -> str:
    at.user()
    request = {"Username": at.name, "Password": password, "Permanent": True}
    return outcome(at.idp.admin_set_user_password, UserPoolId=at.pool, **request)


def by_change(at: Door, password: str) -> str:
    at.user()
    token = sign_in(at.idp, at.app, at.name)["AccessToken"]
    request = {"PreviousPassword": PASSWORD, "ProposedPassword": password}
    return outcome(at.idp.change_password, AccessToken=token, **request)


def by_reset(at: Door, password: str) -> str:
    at.user()
    at.idp.forgot_password(ClientId=at.app, Username=at.name)
    request = {"ConfirmationCode": code_to(at.make.server.url, at.email), "Password": password}
    return outcome(at.idp.confirm_forgot_password, ClientId=at.app, Username=at.name, **request)


def by_challenge(at: Door, password: str) -> str:
    at.user()
    temporary = {"Username": at.name, "Password": "Temporary-1", "Permanent": False}
    at.idp.admin_set_user_password(UserPoolId=at.pool, **temporary)
    session = attempt(at.idp, at.app, at.name, "Temporary-1")["Session"]
    responses = {"USERNAME": at.name, "NEW_PASSWORD": password}
    request = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session}
    return outcome(at.idp.respond_to_auth_challenge, ClientId=at.app, **request, ChallengeResponses=responses)


WAYS: list[Setting] = [by_sign_up, by_administrator, by_change, by_reset, by_challenge]


@pytest.mark.parametrize("kind", PASSWORDS)
@pytest.mark.parametrize("scheme", ["srp", "argon2id"])
def test_case_53_a_password_is_taken_as_sent_and_for_no_other(
    make: PoolFactory, kind: str, scheme: str
) -> None:
    password, others = PASSWORDS[kind]
    at = Door(make, scheme, "ada")
    assert by_administrator(at, password) == "ok"
    assert sign_in(at.idp, at.app, "ada", password)
    if scheme == "srp":
        assert at.srp(password) == "ok"
    for other in others:
        assert unicodedata.normalize("NFC", other) != other or other != password
        assert outcome(sign_in, at.idp, at.app, "ada", other) == "Incorrect username or password."


@pytest.mark.parametrize("way", WAYS)
def test_case_53_every_way_to_set_a_password_takes_it_as_sent(make: PoolFactory, way: Setting) -> None:
    for kind in ("256 characters", "emoji", "decomposed"):
        password, others = PASSWORDS[kind]
        at = Door(make, "srp", "ada")
        assert way(at, password) == "ok"
        assert at.srp(password) == "ok"
        assert sign_in(at.idp, at.app, "ada", password)
        assert outcome(sign_in, at.idp, at.app, "ada", others[0]) == "Incorrect username or password."


@pytest.mark.parametrize("way", WAYS)
def test_case_53_leading_and_trailing_spaces_are_refused_not_trimmed(make: PoolFactory, way: Setting) -> None:
    """Documented: a password neither begins nor ends with a space."""
    for password in (" Aa1!xxxxx", "Aa1!xxxxx ", "\tAa1!xxxxx"):
        at = Door(make, "srp", "ada")
        assert way(at, password) not in {"ok", "Incorrect username or password."}
        for tried in (password, password.strip()):
            assert outcome(sign_in, at.idp, at.app, "ada", tried) != "ok"


# Too long


class Powers:
    """Counts the passwords that are hashed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        hashed = srp._private_key

        def counting(*args: Any) -> Any:
            self.count += 1
            return hashed(*args)

        patch.setattr(srp, "_private_key", counting)


@pytest.mark.parametrize("way", WAYS)
def test_case_54_an_overlong_password_is_refused_before_it_is_hashed(
    make: PoolFactory, way: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary, overlong = Powers(monkeypatch), Powers(monkeypatch)
    assert way(Door(make, "srp", "ada"), "Aa1!" + "x" * 252) == "ok"
    expected, overlong.count = ordinary.count, 0
    assert way(Door(make, "srp", "ada"), "Aa1!" + "x" * 253) != "ok"
    assert overlong.count < expected


def test_case_54_an_overlong_guess_is_wrong_unhashed_and_counts(
    own: PoolFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Door(own, "srp", "ada")
    at.user()
    powers = Powers(monkeypatch)
    for length in (257, 10_000, 131_072):
        assert outcome(sign_in, at.idp, at.app, "ada", "x" * length) == "Incorrect username or password."
    assert powers.count == 0
    for _ in range(2):
        outcome(sign_in, at.idp, at.app, "ada", "x" * 300)
    assert outcome(sign_in, at.idp, at.app, "ada") == "Password attempts exceeded"


def test_case_54_a_flood_of_hashes_leaves_the_server_answering(make: PoolFactory) -> None:
    """Sixty sign-ins by argon2id at once, and in the midst of them a call that needs none."""
    at = Door(make, "argon2id", "ada")
    at.user()
    token = sign_in(at.idp, at.app, "ada")["AccessToken"]

    def either(turn: int) -> str:
        if turn % 3:
            return outcome(sign_in, at.idp, at.app, f"user-{turn}", "wrong")
        return outcome(at.idp.get_user, AccessToken=token)

    said = at_once(either, 90)
    assert {said[turn] for turn in range(0, 90, 3)} == {"ok"}
    assert {said[turn] for turn in range(90) if turn % 3} == {"User does not exist."}


# Comparing


def test_case_82_every_secret_is_compared_in_constant_time(
    make: PoolFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check of a secret hands it to `hmac.compare_digest`, the wrong and the right one."""
    at = Door(make, "srp", "ada")
    at.user()
    confidential = make.client(at.pool, GenerateSecret=True)
    app, url = confidential["ClientId"], make.server.url
    compared: list[tuple[bytes, bytes]] = []
    genuine = hmac.compare_digest

    def noting(first: Any, second: Any) -> bool:
        as_bytes = [value.encode() if isinstance(value, str) else bytes(value) for value in (first, second)]
        compared.append((as_bytes[0], as_bytes[1]))
        return genuine(first, second)

    monkeypatch.setattr(hmac, "compare_digest", noting)

    def sees(secret: str | bytes, act: Callable[[], Any]) -> bool:
        compared.clear()
        act()
        sought = secret.encode() if isinstance(secret, str) else secret
        return any(sought in pair for pair in compared)

    right = secret_hash(confidential, "ada")
    assert sees(right, lambda: sign_in(at.idp, app, "ada", SECRET_HASH=right))
    assert sees(right, lambda: outcome(sign_in, at.idp, app, "ada", SECRET_HASH="x" + right[1:]))
    token = sign_in(at.idp, app, "ada", SECRET_HASH=right)["RefreshToken"]
    assert sees(right, lambda: outcome(refresh, at.idp, app, token, SECRET_HASH=right))
    secret, wrong = confidential["ClientSecret"], "x" * 51
    for given in (secret, wrong):
        for operation, request in (
            ("GetTokensFromRefreshToken", {"RefreshToken": token, "ClientId": app, "ClientSecret": given}),
            ("RevokeToken", {"Token": "unknown", "ClientId": app, "ClientSecret": given}),
        ):
            assert sees(secret, lambda name=operation, sent=request: call(url, name, sent))  # type: ignore[misc]
    # A code is compared as its HMAC, a password as its verifier, a proof as its signature.
    at.idp.forgot_password(ClientId=at.app, Username="ada")
    request = {"ConfirmationCode": "000000", "Password": PASSWORD}
    compared.clear()
    outcome(at.idp.confirm_forgot_password, ClientId=at.app, Username="ada", **request)
    assert {len(part) for pair in compared for part in pair} == {32}
    for guess in (PASSWORD, "wrong"):
        compared.clear()
        outcome(sign_in, at.idp, at.app, "ada", guess)
        assert {len(part) for pair in compared for part in pair} == {srp.NUMBER_SIZE}
        compared.clear()
        at.srp(guess)
        assert {len(part) for pair in compared for part in pair} == {32}


def test_case_82_both_secrets_of_a_client_are_tried_whichever_is_right(
    make: PoolFactory, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make.pool()
    client = make.client(pool, GenerateSecret=True)
    request = {"UserPoolId": pool, "ClientId": client["ClientId"]}
    added = server.idp.add_user_pool_client_secret(**request)["ClientSecretDescriptor"]["ClientSecretValue"]
    count = 0
    genuine = hmac.compare_digest

    def counting(first: Any, second: Any) -> bool:
        nonlocal count
        count += 1
        return genuine(first, second)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    counts = set()
    for secret in (client["ClientSecret"], added, "x" * 51):
        count = 0
        sent = {"Token": "unknown", "ClientId": client["ClientId"], "ClientSecret": secret}
        call(server.url, "RevokeToken", sent)
        counts.add(count)
    assert counts == {2}
    assert refusal(refresh, server.idp, client["ClientId"], "x")[0] == "NotAuthorized"
