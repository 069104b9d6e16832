"""The operations measured: what each sends, what an answer must hold, and what a server must refuse."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from bench.cryptography_alone import Crypto
from bench.load import Answer, Script
from bench.machine import BenchError
from bench.pool import Pool, checked, get, post


class _Tokens(msgspec.Struct, rename="pascal"):
    access_token: str
    id_token: str


class _SignedIn(msgspec.Struct, rename="pascal"):
    authentication_result: _Tokens


class _Challenge(msgspec.Struct, rename="pascal"):
    challenge_name: str
    challenge_parameters: dict[str, str]
    session: str | None = None


class _Found(msgspec.Struct, rename="pascal"):
    username: str
    user_attributes: list[dict[str, str]]


class _SignedUp(msgspec.Struct, rename="pascal"):
    user_sub: str
    user_confirmed: bool


class _Keys(msgspec.Struct):
    keys: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scripts` never ends; `wrong` is one script that a server must refuse and `lax` says what it did if not.

    `most_cpu`, in microseconds, was set on a machine where `yardstick` took so many: where it is measured too, the
    limit goes with it.
    """

    name: str
    title: str
    crypto: Crypto
    scripts: Callable[[Pool], Iterator[Script]]
    wrong: Callable[[Pool], Script] | None = None
    lax: str = ""
    least_share: float | None = None
    most_cpu: float | None = None
    yardstick: tuple[str, float] = ("", 0.0)

    def limit(self, measured: float | None) -> float | None:
        """Microseconds, given what the yardstick took here."""
        if self.most_cpu is None or measured is None:
            return self.most_cpu
        return self.most_cpu * measured / self.yardstick[1]

    def met(self, cpu: float, share: float, measured: float | None) -> bool:
        limit = self.limit(measured)
        if self.least_share is not None:
            return share >= self.least_share
        return limit is None or cpu <= limit

    def target(self, measured: float | None) -> str:
        limit = self.limit(measured)
        if self.least_share is not None:
            return f"≥ {self.least_share:.2f}"
        return "" if limit is None else f"≤ {limit:.0f} µs"


def _signed_in(answer: Answer) -> None:
    if not checked(answer, _SignedIn).authentication_result.access_token:
        raise BenchError("an empty access token")


def _alone(request: bytes, accept: Callable[[Answer], object]) -> Script:
    accept((yield request))


def _in_turn(requests: list[bytes], accept: Callable[[Answer], object]) -> Iterator[Script]:
    return (_alone(request, accept) for request in itertools.cycle(requests))


def _srp_script(pool: Pool, number: int, *, spoil: bool = False) -> Script:
    account = pool.accounts[number % len(pool.accounts)]
    challenge = checked((yield account.srp_request), _Challenge)
    if challenge.challenge_name != "PASSWORD_VERIFIER":
        raise BenchError(f"the challenge is {challenge.challenge_name}, not PASSWORD_VERIFIER")
    responses = account.srp.answer(challenge.challenge_parameters)
    if spoil:
        responses["PASSWORD_CLAIM_SIGNATURE"] = "A" * 43 + "="
    body = {
        "ClientId": account.client_id,
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeResponses": responses,
    }
    if challenge.session is not None:
        body["Session"] = challenge.session
    _signed_in((yield post("RespondToAuthChallenge", body)))


def _srp(pool: Pool) -> Iterator[Script]:
    return (_srp_script(pool, number) for number in itertools.count())


def _password(pool: Pool) -> Iterator[Script]:
    return _in_turn([account.password_request(account.password) for account in pool.accounts], _signed_in)


def _refresh(pool: Pool) -> Iterator[Script]:
    return _in_turn([account.refresh_request(account.refresh_token) for account in pool.accounts], _signed_in)


def _sign_up_script(pool: Pool) -> Script:
    answer = checked((yield pool.new_account().sign_up_request), _SignedUp)
    if not answer.user_sub or answer.user_confirmed:
        raise BenchError("SignUp gave no sub, or a confirmed user")


def _sign_up(pool: Pool) -> Iterator[Script]:
    return (_sign_up_script(pool) for _ in itertools.repeat(None))


def _weak_sign_up(pool: Pool) -> Script:
    """A password that no policy takes."""
    account = pool.new_account(password="short")
    checked((yield account.sign_up_request), _SignedUp)


def _get_user(pool: Pool) -> Iterator[Script]:
    def script(access_token: str, username: str) -> Callable[[], Script]:
        request = post("GetUser", {"AccessToken": access_token})

        def accept(answer: Answer) -> None:
            found = checked(answer, _Found)
            if found.username != username or not found.user_attributes:
                raise BenchError(f"GetUser gave {found.username}, not {username}")

        return lambda: _alone(request, accept)

    made = [script(account.access_token, account.username) for account in pool.accounts]
    return (make() for make in itertools.cycle(made))


def _forged_get_user(pool: Pool) -> Script:
    """A good token with another one's signature."""
    first, second = pool.accounts[0].access_token, pool.accounts[1].access_token
    forged = first.rpartition(".")[0] + "." + second.rpartition(".")[2]
    return _alone(post("GetUser", {"AccessToken": forged}), lambda answer: checked(answer, _Found))


def _jwks(pool: Pool) -> Iterator[Script]:
    def accept(answer: Answer) -> None:
        if not checked(answer, _Keys).keys:
            raise BenchError("no keys in the JWKS")

    return _in_turn([get(f"/{pool.pool_id}/.well-known/jwks.json")], accept)


OPERATIONS = (
    Operation(
        "srp", "SRP sign-in (two requests)",
        Crypto(signatures=2, of_generator=1, of_verifier=1, shared=1),
        _srp, lambda pool: _srp_script(pool, 0, spoil=True), "takes any proof", least_share=0.70,
    ),
    Operation(
        "password", "USER_PASSWORD_AUTH", Crypto(signatures=2, of_generator=1), _password,
        lambda pool: _alone(pool.accounts[0].password_request("Wrong-1-word"), _signed_in),
        "takes any password", least_share=0.65,
    ),
    Operation(
        "refresh", "REFRESH_TOKEN_AUTH", Crypto(signatures=2), _refresh,
        lambda pool: _alone(pool.accounts[0].refresh_request("nonsense"), _signed_in),
        "takes any refresh token", least_share=0.70,
    ),
    Operation(
        "signup", "SignUp", Crypto(of_generator=1), _sign_up, _weak_sign_up,
        "takes a password that the policy forbids", least_share=0.45,
    ),
    Operation(
        "getuser", "GetUser", Crypto(), _get_user, _forged_get_user, "takes a forged token", most_cpu=200,
        yardstick=("ministack", 440),
    ),
    Operation("jwks", "JWKS", Crypto(), _jwks, most_cpu=60, yardstick=("ministack", 230)),
)  # fmt: skip


def named(name: str) -> Operation:
    for operation in OPERATIONS:
        if operation.name == name:
            return operation
    raise BenchError(f"no operation {name!r}: there are {', '.join(o.name for o in OPERATIONS)}")
