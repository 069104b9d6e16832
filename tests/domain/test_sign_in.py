"""The sign-in table: every combination against what AWS documents, and no way around a factor.

Expected outcomes are those of "Authentication flows", "Adding MFA to a user pool" and the pages of InitiateAuth and
RespondToAuthChallenge (documented), written down here once more and in another form than the table's.
"""

from itertools import chain, combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cenote.domain import sign_in
from cenote.domain.sign_in import Challenge, Denied, Flow, Granted, Proof, SecondFactors, State

SMS, APP, MAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"

# The pool's MFA and the user's factors, and what is asked beyond the first factor.
SECOND: dict[str, tuple[SecondFactors, str]] = {
    "off": (SecondFactors(), "tokens"),
    "optional, user has none": (SecondFactors(), "tokens"),
    "optional, an app": (SecondFactors(True, (APP,)), APP),
    "optional, SMS and app": (SecondFactors(True, (SMS, APP)), "SELECT_MFA_TYPE"),
    "optional, SMS and app, app preferred": (SecondFactors(True, (SMS, APP), APP), APP),
    "on, SMS": (SecondFactors(True, (SMS,), "", (APP,)), SMS),
    "on, e-mail": (SecondFactors(True, (MAIL,)), MAIL),
    "on, SMS and e-mail": (SecondFactors(True, (SMS, MAIL)), "SELECT_MFA_TYPE"),
    "on, all, SMS preferred": (SecondFactors(True, (SMS, APP, MAIL), SMS), SMS),
    "on, nothing yet": (SecondFactors(True, (), "", (APP,)), "MFA_SETUP"),
    "on, nothing to be had": (SecondFactors(True), "InvalidParameter"),
}
# What is asked of who has proved nothing.
FIRST = {
    Flow.USER_SRP_AUTH: "PASSWORD_VERIFIER",
    Flow.USER_PASSWORD_AUTH: "PASSWORD",
    Flow.ADMIN_USER_PASSWORD_AUTH: "PASSWORD",
    Flow.USER_AUTH: "SELECT_CHALLENGE",
    Flow.CUSTOM_AUTH: "NotAuthorized",  # no function has said what to ask
}
STATUSES = (
    "CONFIRMED",
    "UNCONFIRMED",
    "FORCE_CHANGE_PASSWORD",
    "RESET_REQUIRED",
    "EXTERNAL_PROVIDER",
    "UNKNOWN",
)
IDENTIFYING = (Proof.PASSWORD, Proof.CODE, Proof.PASSKEY, Proof.CONFIRMATION, Proof.CUSTOM)
PROOFS = [frozenset(some) for some in chain.from_iterable(combinations(Proof, size) for size in range(4))]


def expected(flow: Flow, status: str, proved: frozenset[Proof], second: str, *, disabled: bool) -> str:
    """The documented outcome."""
    if not proved & set(IDENTIFYING):
        return "PasswordResetRequired" if status == "RESET_REQUIRED" else FIRST[flow]
    if flow is Flow.CUSTOM_AUTH and Proof.CUSTOM not in proved:
        return FIRST[flow]
    if disabled:
        return "NotAuthorized"
    if status == "UNCONFIRMED":
        return "UserNotConfirmed"
    replaced = Proof.NEW_PASSWORD in proved
    if status == "FORCE_CHANGE_PASSWORD" and Proof.PASSWORD in proved and not replaced:
        return "NEW_PASSWORD_REQUIRED"
    if SECOND[second][0].wanted and Proof.MFA not in proved:
        return SECOND[second][1]
    return "tokens" if status == "CONFIRMED" or replaced else "NotAuthorized"


def outcome(state: State) -> str:
    step = sign_in.next_step(state)
    if isinstance(step, Challenge):
        return step.name
    return step.error.__name__ if isinstance(step, Denied) else "tokens"


def state(flow: Flow, status: str, proved: frozenset[Proof], second: str, *, disabled: bool = False) -> State:
    return State(flow, proved, status, disabled, password_expired=False, second=SECOND[second][0])


@pytest.mark.parametrize("flow", list(Flow))
@pytest.mark.parametrize("status", STATUSES)
def test_every_combination_goes_on_as_documented(flow: Flow, status: str) -> None:
    for second, proved, disabled in product(SECOND, PROOFS, (False, True)):
        got = outcome(state(flow, status, proved, second, disabled=disabled))
        assert got == expected(flow, status, proved, second, disabled=disabled), (
            second,
            sorted(proved),
            disabled,
        )


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ("PASSWORD", "PASSWORD"),
        ("PASSWORD_SRP", "PASSWORD_VERIFIER"),
        ("EMAIL_OTP", "EMAIL_OTP"),
        ("SMS_OTP", "SMS_OTP"),
        ("WEB_AUTHN", "WEB_AUTHN"),
    ],
)
def test_the_first_factor_that_is_picked_is_asked_if_it_is_offered(chosen: str, asked: str) -> None:
    picking = replace(state(Flow.USER_AUTH, "CONFIRMED", frozenset(), "off"), chosen=chosen)
    assert outcome(replace(picking, available=(chosen,))) == asked
    assert outcome(picking) == "SELECT_CHALLENGE"


@pytest.mark.parametrize("proved", [frozenset[Proof](), frozenset({Proof.PASSWORD}), frozenset({Proof.MFA})])
def test_case_45_only_the_pools_functions_end_custom_authentication(proved: frozenset[Proof]) -> None:
    asking = replace(state(Flow.CUSTOM_AUTH, "CONFIRMED", proved, "off"), custom_next="CUSTOM_CHALLENGE")
    assert outcome(asking) == "CUSTOM_CHALLENGE"
    assert outcome(replace(asking, custom_next="")) == "NotAuthorized"
    assert outcome(replace(asking, proved=proved | {Proof.CUSTOM})) == "tokens"


def test_the_second_factor_that_is_picked_is_asked_if_the_user_has_it() -> None:
    proved = frozenset({Proof.PASSWORD})
    picking = state(Flow.USER_SRP_AUTH, "CONFIRMED", proved, "on, SMS and e-mail")
    assert outcome(replace(picking, chosen=SMS)) == SMS
    assert outcome(replace(picking, chosen=APP)) == "SELECT_MFA_TYPE"


def test_an_expired_temporary_password_ends_the_sign_in() -> None:
    late = state(Flow.USER_SRP_AUTH, "FORCE_CHANGE_PASSWORD", frozenset({Proof.PASSWORD}), "off")
    assert outcome(replace(late, password_expired=True)) == "NotAuthorized"


def test_a_remembered_device_proves_itself_and_may_stand_for_the_second_factor() -> None:
    known = replace(
        state(Flow.USER_SRP_AUTH, "CONFIRMED", frozenset({Proof.PASSWORD}), "on, SMS"), device_known=True
    )
    assert outcome(known) == "DEVICE_SRP_AUTH"
    proved = replace(known, proved=frozenset({Proof.PASSWORD, Proof.DEVICE}))
    assert outcome(proved) == SMS
    assert outcome(replace(proved, device_replaces_mfa=True)) == "tokens"


def test_a_passkey_with_user_verification_may_count_as_both_factors() -> None:
    signed = state(Flow.USER_AUTH, "CONFIRMED", frozenset({Proof.PASSKEY}), "on, SMS")
    assert outcome(signed) == SMS
    assert outcome(replace(signed, passkey_is_mfa=True)) == "tokens"


# Nobody gets around a factor

# What each challenge proves when it is answered rightly.
PROVES: dict[str, Proof | None] = {
    "PASSWORD": Proof.PASSWORD,
    "PASSWORD_VERIFIER": Proof.PASSWORD,
    "NEW_PASSWORD_REQUIRED": Proof.NEW_PASSWORD,
    "SELECT_CHALLENGE": None,
    "SELECT_MFA_TYPE": None,
    "SMS_OTP": Proof.CODE,
    "WEB_AUTHN": Proof.PASSKEY,
    SMS: Proof.MFA,
    APP: Proof.MFA,
    "MFA_SETUP": Proof.MFA,
    "DEVICE_SRP_AUTH": Proof.DEVICE,
}
CHALLENGES = sorted([*PROVES, "EMAIL_OTP"])
PICKS = ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", SMS, APP, MAIL, "")


def proof_of(challenge: str, proved: frozenset[Proof]) -> Proof | None:
    if challenge == "EMAIL_OTP":
        return Proof.MFA if proved & sign_in.FIRST_FACTORS else Proof.CODE
    return PROVES[challenge]


@given(
    flow=st.sampled_from([flow for flow in Flow if flow is not Flow.CUSTOM_AUTH]),
    status=st.sampled_from(("CONFIRMED", *STATUSES, "CONFIRMED")),
    seconds=st.tuples(st.sampled_from(sorted(SECOND)), st.sampled_from(sorted(SECOND))),
    known=st.sets(st.sampled_from(CHALLENGES)),
    # A ticket, and who answers it with which challenge: most often the right user with the right one.
    moves=st.lists(
        st.tuples(
            st.integers(0, 20),
            st.none() | st.none() | st.tuples(st.sampled_from(CHALLENGES), st.integers(0, 1)),
            st.sampled_from(PICKS),
        ),
        max_size=25,
    ),
)
def test_case_45_no_sequence_of_answers_yields_tokens_without_every_factor(
    flow: Flow,
    status: str,
    seconds: tuple[str, str],
    known: set[str],
    moves: list[tuple[int, tuple[str, int] | None, str]],
) -> None:
    """Two users, one attacker who can answer the challenges in `known` for either, tickets answered in any order.

    A ticket is what the engine seals: a user, what they proved, and the one challenge it is for. Zitadel
    CVE-2025-64103, Casdoor CVE-2026-9091, Kratos CVE-2024-45042.
    """
    everything = ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")

    def at(user: int, proved: frozenset[Proof], chosen: str = "") -> State:
        one = state(flow, status, proved, seconds[user])
        return replace(one, available=everything, chosen=chosen)

    tickets = [(user, frozenset[Proof](), outcome(at(user, frozenset()))) for user in (0, 1)]
    answered: dict[int, set[str]] = {0: set(), 1: set()}
    for index, other, pick in moves:
        owner, proved, asked = tickets[index % len(tickets)]
        challenge, user = other or (asked, owner)
        if owner != user or asked != challenge:
            continue  # bound to user and challenge
        if challenge not in CHALLENGES:
            continue  # the sign-in has ended with an error
        if PROVES.get(challenge, Proof.CODE) is not None and challenge not in known:
            continue  # a wrong answer proves nothing
        answered[user].add(challenge)
        proof = proof_of(challenge, proved)
        proved = proved | {proof} if proof else proved
        following = outcome(at(user, proved, pick if proof is None else ""))
        if following != "tokens":
            tickets.append((user, proved, following))
            continue
        second = SECOND[seconds[user]][0]
        assert status in {"CONFIRMED", "FORCE_CHANGE_PASSWORD"}
        assert answered[user] & {"PASSWORD", "PASSWORD_VERIFIER", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"}
        if second.wanted:
            factors = set(second.usable) or {"MFA_SETUP"}
            assert factors & answered[user] & known
        if status == "FORCE_CHANGE_PASSWORD":
            assert "NEW_PASSWORD_REQUIRED" in answered[user]


def test_a_state_that_no_row_knows_is_refused() -> None:
    unknown = state(Flow.USER_SRP_AUTH, "ARCHIVED", frozenset({Proof.PASSWORD}), "off")
    assert outcome(unknown) == "NotAuthorized"
    assert not isinstance(sign_in.next_step(unknown), Granted)
