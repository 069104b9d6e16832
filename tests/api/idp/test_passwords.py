"""Passwords set and changed. Texts are recorded unless a test says otherwise."""

from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.calls import PASSWORD, at_once, attempt, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

OTHER = "Other-Horse-10"
WRONG = "Incorrect username or password."
SCHEMES: dict[str, dict[str, Any]] = {
    "srp": {},
    "argon2id": {"UserPoolTags": {"cenote:password-hash": "argon2id"}},
}
POLICY = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
USED = ("PasswordHistoryPolicyViolation", "Password has previously been used.")  # assumed


@pytest.fixture(scope="module", params=sorted(SCHEMES))
def pool(make: PoolFactory, request: pytest.FixtureRequest) -> str:
    return make.pool(**SCHEMES[request.param])


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def set_password(idp: Any, pool: str, name: str, password: str, *, permanent: bool = True) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=permanent)


def change(idp: Any, token: str, old: str, new: str) -> None:
    idp.change_password(AccessToken=token, PreviousPassword=old, ProposedPassword=new)


def status(idp: Any, pool: str, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"])


def test_a_permanent_password_confirms(idp: Any, pool: str, app: str) -> None:
    idp.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    set_password(idp, pool, "ada", OTHER)
    assert status(idp, pool, "ada") == "CONFIRMED"
    assert sign_in(idp, app, "ada", OTHER)
    assert outcome(sign_in, idp, app, "ada", PASSWORD) == WRONG


def test_a_temporary_password_must_be_replaced(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "bob")
    set_password(idp, pool, "bob", OTHER, permanent=False)
    assert status(idp, pool, "bob") == "FORCE_CHANGE_PASSWORD"
    assert attempt(idp, app, "bob", OTHER)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert outcome(attempt, idp, app, "bob", PASSWORD) == WRONG


@pytest.mark.parametrize("permanent", [True, False])
def test_case_24_a_password_set_by_an_administrator_ends_all_sessions(
    idp: Any, make: PoolFactory, pool: str, app: str, permanent: bool
) -> None:
    name = f"reset-{permanent}"
    make.user(pool, name)
    tokens = sign_in(idp, app, name)
    set_password(idp, pool, name, OTHER, permanent=permanent)
    assert outcome(refresh, idp, app, tokens["RefreshToken"]) == "Refresh Token has been revoked"
    assert outcome(idp.get_user, AccessToken=tokens["AccessToken"]) == "Access Token has been revoked"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Sh0rt-A", "Password not long enough"),
        ("no-upper-case-1", "Password must have uppercase characters"),
        ("NoSymbols123", "Password must have symbol characters"),
    ],
)
def test_the_policy_holds_on_every_way(
    idp: Any, make: PoolFactory, pool: str, app: str, password: str, reason: str
) -> None:
    name = "strict-" + password
    make.user(pool, name)
    assert refusal(set_password, idp, pool, name, password) == (
        "InvalidPassword",
        f"Password does not conform to policy: {reason}",
    )
    token = sign_in(idp, app, name)["AccessToken"]
    assert refusal(change, idp, token, PASSWORD, password) == (
        "InvalidPassword",
        f"Password did not conform with policy: {reason}",
    )
    set_password(idp, pool, name, OTHER, permanent=False)
    session = attempt(idp, app, name, OTHER)["Session"]
    answer = {"USERNAME": name, "NEW_PASSWORD": password}
    assert refusal(
        idp.respond_to_auth_challenge,
        ClientId=app,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses=answer,
    ) == ("InvalidPassword", f"Password does not conform to policy: {reason}")


def test_a_password_is_set_for_nobody(idp: Any, pool: str) -> None:
    assert refusal(set_password, idp, pool, "nobody", OTHER) == ("UserNotFound", "User does not exist.")
    assert refusal(set_password, idp, "eu-central-1_Absent000", "ada", OTHER)[0] == "ResourceNotFound"


def test_users_change_their_password(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "carol")
    tokens = sign_in(idp, app, "carol")
    change(idp, tokens["AccessToken"], PASSWORD, OTHER)
    assert sign_in(idp, app, "carol", OTHER)
    assert outcome(sign_in, idp, app, "carol", PASSWORD) == WRONG
    # documented: not among the ways to end a session
    assert refresh(idp, app, tokens["RefreshToken"])
    assert idp.get_user(AccessToken=tokens["AccessToken"])


def test_only_who_knows_the_password_changes_it(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "dave")
    token = sign_in(idp, app, "dave")["AccessToken"]
    assert refusal(change, idp, token, "Wrong-Password-1", OTHER) == ("NotAuthorized", WRONG)
    assert refusal(idp.change_password, AccessToken=token, ProposedPassword=OTHER) == (
        "InvalidParameter",
        "Missing required parameter PreviousPassword",  # assumed
    )
    assert refusal(change, idp, "x", PASSWORD, OTHER) == ("NotAuthorized", "Invalid Access Token")
    assert sign_in(idp, app, "dave")
    idp.admin_delete_user(UserPoolId=pool, Username="dave")
    assert refusal(change, idp, token, PASSWORD, OTHER)[0] == "UserNotFound"


def test_case_39_guesses_by_change_password_count_as_sign_ins_do(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    make.user(pool, "guessed")
    token = sign_in(idp, app, "guessed")["AccessToken"]
    guesses = at_once(lambda n: outcome(change, idp, token, f"Wrong-{n}", OTHER), 50)
    assert guesses.count(WRONG) <= 10
    assert set(guesses) == {WRONG, "Attempt limit exceeded, please try after some time."}
    # Not even the right one is told apart while the lock lasts, whatever the new one is like.
    assert refusal(change, idp, token, PASSWORD, "short")[0] in {"LimitExceeded", "InvalidPassword"}


def test_a_locked_user_is_locked_for_change_password_too(own: PoolFactory) -> None:
    own.server.clock.freeze()
    idp, pool = own.server.idp, own.pool()
    app = own.client(pool)["ClientId"]
    own.user(pool, "locked")
    token = sign_in(idp, app, "locked")["AccessToken"]
    for _ in range(5):
        assert outcome(sign_in, idp, app, "locked", "Wrong-Password-1") == WRONG
    limited = ("LimitExceeded", "Attempt limit exceeded, please try after some time.")
    for old, new in ((PASSWORD, OTHER), ("Wrong-Password-1", OTHER), (PASSWORD, "short")):
        assert refusal(change, idp, token, old, new) == limited
    own.server.clock.advance(seconds=1)
    change(idp, token, PASSWORD, OTHER)


def test_of_many_changes_at_once_one_wins(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "contended")
    token = sign_in(idp, app, "contended")["AccessToken"]
    results = at_once(lambda n: outcome(change, idp, token, PASSWORD, f"Changed-Horse-{n}"), 4)
    assert results.count("ok") == 1
    assert set(results) <= {"ok", WRONG}
    winner = results.index("ok")
    assert sign_in(idp, app, "contended", f"Changed-Horse-{winner}")


@pytest.mark.parametrize("deed", ["admin_set_user_password", "admin_disable_user"])
def test_case_24_no_sign_in_outlives_what_ends_it_meanwhile(
    idp: Any, make: PoolFactory, pool: str, app: str, deed: str
) -> None:
    """What was proved before is good until then; what comes after is proved against the new state."""
    name = f"meanwhile-{deed}"
    make.user(pool, name)
    rest = {"Password": OTHER, "Permanent": True} if deed == "admin_set_user_password" else {}

    def either(turn: int) -> str | None:
        if turn == 25:
            getattr(idp, deed)(UserPoolId=pool, Username=name, **rest)
            return None
        try:
            return str(sign_in(idp, app, name)["AccessToken"])
        except idp.exceptions.NotAuthorizedException:
            return None

    signed_in = [token for token in at_once(either, 50) if token]
    assert [token for token in signed_in if outcome(idp.get_user, AccessToken=token) == "ok"] == []
    assert outcome(sign_in, idp, app, name) != "ok"


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_an_earlier_password_is_refused(idp: Any, make: PoolFactory, scheme: str) -> None:
    pool = make.pool(Policies=POLICY, **SCHEMES[scheme])
    app = make.client(pool)["ClientId"]
    first, second, third, fourth = (f"Horse-Number-{n}" for n in range(4))
    make.user(pool, "eve", first)
    token = sign_in(idp, app, "eve", first)["AccessToken"]
    assert refusal(change, idp, token, first, first) == USED
    change(idp, token, first, second)
    assert refusal(change, idp, token, second, first) == USED
    assert refusal(set_password, idp, pool, "eve", first) == USED
    change(idp, token, second, third)
    change(
        idp, token, third, first
    )  # two later it is free again: a size of 2 is the present one and one before
    set_password(idp, pool, "eve", fourth, permanent=False)
    session = attempt(idp, app, "eve", fourth)["Session"]
    request: dict[str, Any] = {"ClientId": app, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session}
    answer = {"USERNAME": "eve", "NEW_PASSWORD": first}
    assert refusal(idp.respond_to_auth_challenge, **request, ChallengeResponses=answer) == USED
    answer["NEW_PASSWORD"] = second
    assert idp.respond_to_auth_challenge(**request, ChallengeResponses=answer)["AuthenticationResult"]


def test_without_a_history_a_password_may_stay(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    make.user(pool, "same")
    token = sign_in(idp, app, "same")["AccessToken"]
    change(idp, token, PASSWORD, PASSWORD)
    assert sign_in(idp, app, "same")


@pytest.mark.parametrize(
    "password",
    [
        "A1-" + "x" * 253,
        "A1-" + "x" * 69 + "different-behind-72-bytes",
        "Pässwörter-🐎-1",
        "Bétail-e\u0301-1",  # not normalised
    ],
)
def test_case_53_a_password_is_taken_as_it_is_sent(
    idp: Any, make: PoolFactory, pool: str, app: str, password: str
) -> None:
    name = f"as-sent-{len(password)}"
    make.user(pool, name, password)
    assert sign_in(idp, app, name, password)
    changed = (password[:-1], password + " ", " " + password, password[:72], password.swapcase())
    for wrong in (*changed[:3], password.replace("e\u0301", "é") if "\u0301" in password else changed[4]):
        assert outcome(attempt, idp, app, name, wrong) == WRONG


def test_case_53_a_password_with_a_space_within_is_one(idp: Any, make: PoolFactory) -> None:
    # The model's pattern for new ones has none; a sign-in may try what it likes.
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "spaced")
    assert outcome(attempt, idp, app, "spaced", f" {PASSWORD} ") == WRONG
    assert outcome(attempt, idp, app, "spaced", f"{PASSWORD}\0") == WRONG


def test_case_54_an_overlong_password_is_refused_before_hashing(
    idp: Any, make: PoolFactory, pool: str, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user(pool, "overlong")
    monkeypatch.setattr("cenote.domain.srp.verifier", refuse_to_hash)
    monkeypatch.setattr("argon2.low_level.verify_secret", refuse_to_hash)
    assert outcome(attempt, idp, app, "overlong", "A1-" + "x" * 254) == WRONG
    assert outcome(attempt, idp, app, "nobody", "A1-" + "x" * 100_000) == "User does not exist."
    refused = refusal(set_password, idp, pool, "overlong", "A1-" + "x" * 254)
    assert refused[0] == "InvalidParameter"
    assert "less than or equal to 256" in refused[1]


def refuse_to_hash(*_: Any) -> bool:
    raise AssertionError("an over-long password was hashed")


def test_a_pool_that_keeps_argon2id_refuses_srp_and_says_why(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(**SCHEMES["argon2id"])
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    for name in ("ada", "nobody"):
        parameters = {"USERNAME": name, "SRP_A": "abcdef"}
        refused = refusal(
            idp.initiate_auth, ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
        )
        assert refused in (
            (
                "InvalidParameter",
                "SRP is not available in this user pool: it keeps passwords as argon2id hashes.",
            ),
            ("UserNotFound", "User does not exist."),
        )


def test_a_pool_that_changes_its_mind_keeps_the_passwords_it_has(
    idp: Any, make: PoolFactory, server: RunningServer
) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "before")
    pool_arn = f"arn:aws:cognito-idp:{server.region}:000000000000:userpool/{pool}"
    arn = idp.describe_user_pool(UserPoolId=pool)["UserPool"].get("Arn", pool_arn)
    idp.tag_resource(ResourceArn=arn, Tags=SCHEMES["argon2id"]["UserPoolTags"])
    make.user(pool, "after")
    assert sign_in(idp, app, "before")
    assert sign_in(idp, app, "after")
    idp.untag_resource(ResourceArn=arn, TagKeys=["cenote:password-hash"])
    assert sign_in(idp, app, "after")
    srp = AWSSRP("before", PASSWORD, pool, app, client=idp)
    assert srp.authenticate_user()["AuthenticationResult"]
    # A hash cannot serve SRP: for its owner the right password is as wrong as any.
    srp = AWSSRP("after", PASSWORD, pool, app, client=idp)
    assert outcome(srp.authenticate_user) == WRONG


def test_a_stored_password_tells_nothing(make: PoolFactory, server: RunningServer) -> None:
    """Sealed at rest, and of one row's own: another user's record, or pool's, opens nothing."""
    pool = make.pool()
    first, second = make.user(pool, "first"), make.user(pool, "second")
    engine = server.app.store.engine
    rows = {
        sub: server.run(
            engine.one("SELECT password_sealed FROM users WHERE pool_id = ? AND sub = ?", pool, sub)
        )
        for sub in (first, second)
    }
    assert rows[first] != rows[second]
    for row in rows.values():
        assert PASSWORD.encode() not in row[0]
