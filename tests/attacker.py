"""Who calls the sign-in operations in any order, and who watches what was truly shown on the way to each answer.

The attacker holds everybody's passwords, codes, apps and devices. Every accepted answer is judged by what they showed
to get it; how the engine decides is not looked at.
"""

from dataclasses import dataclass, field
from typing import Any

import pyotp
from tests.calls import claims_of
from tests.sequences import Asked, Fact, Person, Refused, Srp, World

BLOCKS = {"PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"}
VALIDITY = 180_000
TRIES = 5


@dataclass
class Attacker:
    """Makes the calls, and judges every answer. `asked` is every `Session` so far, `tokens` whoever has signed in."""

    world: World
    asked: list[Asked] = field(default_factory=list)
    tokens: list[tuple[Person, str]] = field(default_factory=list)

    def earlier(self, which: int) -> Asked | None:
        """A `Session` that was handed out, counted from the newest; by even numbers one that was not used yet."""
        return picked(self.asked, which)

    def set_up(self, which: int) -> Asked | None:
        """One of MFA_SETUP, if there is one."""
        some = [asked for asked in self.asked if asked.challenge == "MFA_SETUP"] or self.asked
        return picked(some, which)

    # What is shown

    def secrets(self, asked: Asked, whose: Person | None, *, stale: bool) -> dict[str, str]:
        """Everything that `whose` could answer with; with nobody, things that are wrong. A stale code was used."""
        owner, now = asked.person, self.world.clock() + 1
        if asked.challenge == "SOFTWARE_TOKEN_MFA" and whose and not stale and whose.used >= now // 30_000:
            self.world.clock.advance(seconds=30)
            now += 30_000
        parameters = {
            "PASSWORD": whose.password if whose else "Wrong-Horse-9",
            "NEW_PASSWORD": f"New-Horse-of-{owner.name}-{owner.version}",
            "SOFTWARE_TOKEN_MFA_CODE": (
                whose.code(whose.used * 30_000 if stale else now) if whose else not_a_code_of(owner, now)
            ),
            "ANSWER": "EMAIL_OTP" if owner.kind == "codes" else "PASSWORD",
            "SRP_A": f"{Srp.A:x}",
        }
        mailed = [one.code for one in self.asked if one.code and one.person is whose]
        code = asked.code if whose is owner and asked.code else (mailed or ["000000"])[-1]
        parameters["EMAIL_OTP_CODE"] = code if code != asked.code or whose is owner else "none"
        parameters["SMS_MFA_CODE"] = parameters["SOFTWARE_TOKEN_MFA_CODE"]
        key = whose.device[0] if whose and whose.device else asked.device_key
        if key:
            parameters["DEVICE_KEY"] = key
        if "SRP_B" in asked.parameters:
            parameters |= self.proof(asked, whose, now)
        return parameters

    def proof(self, asked: Asked, whose: Person | None, now: int) -> dict[str, str]:
        names = self.names(asked, whose)
        return Srp.proof(asked.parameters, asked.text, now, **names)

    def names(self, asked: Asked, whose: Person | None) -> dict[str, str]:
        """What a proof of a password, or of a device, is made of."""
        if asked.challenge == "PASSWORD_VERIFIER":
            group = asked.person.pool.partition("_")[2]
            secret = whose.password if whose else "Wrong-Horse-9"
            return {"group": group, "name": asked.person.name, "secret": secret}
        device = asked.person.device or ("", "", "")
        kept = whose.device if whose and whose.device else ("", "", "wrong")
        return {"group": device[1] or kept[1], "name": asked.device_key, "secret": kept[2]}

    def truths(self, asked: Asked, whose: Person | None, given: dict[str, str]) -> set[Fact]:
        """What an accepted answer has truly shown of the user who was asked, by what was asked of them."""
        person, now = asked.person, self.world.clock()
        password = Fact("password", person.version)
        match asked.challenge:
            case "PASSWORD" | "SELECT_CHALLENGE":
                return {password} if given.get("PASSWORD") == person.password else set()
            case "PASSWORD_VERIFIER":
                return {password} if whose is person else set()
            case "EMAIL_OTP":
                return {Fact("code", person.email)} if given.get("EMAIL_OTP_CODE") == asked.code else set()
            case "SOFTWARE_TOKEN_MFA":
                step = person.step_of(given.get("SOFTWARE_TOKEN_MFA_CODE", ""), now)
                person.used = max(person.used, step or 0)
                return set() if step is None else {Fact("app", person.app)}
            case "DEVICE_PASSWORD_VERIFIER":
                held = person.device is not None and person.device[0] == asked.device_key
                return {Fact("device", asked.device_key)} if held and whose is person else set()
        return set()

    # Calls

    def begin(
        self,
        person: Person,
        client: str,
        how: str,
        whose: Person | None,
        device: Person | None,
        *,
        admin: bool,
    ) -> None:
        """A sign-in of a person, with the password of `whose`, said to come from the device of `device`."""
        password = whose.password if whose else "Wrong-Horse-9"
        parameters = {"USERNAME": person.name}
        flow, _, preferred = how.partition("/")
        if "PASSWORD" in how and "SRP" not in how:
            parameters["PASSWORD"] = password
        if "SRP" in how:
            parameters["SRP_A"] = f"{Srp.A:x}"
        if preferred:
            parameters["PREFERRED_CHALLENGE"] = preferred
        key = device.device[0] if device and device.device else ""
        if key:
            parameters["DEVICE_KEY"] = key
        request: dict[str, Any] = {"ClientId": client, "AuthFlow": flow, "AuthParameters": parameters}
        if admin:
            request |= {
                "AuthFlow": flow.replace("USER_PASSWORD", "ADMIN_USER_PASSWORD"),
                "UserPoolId": person.pool,
            }
        answer = self.world.call("AdminInitiateAuth" if admin else "InitiateAuth", **request)
        shown = parameters.get("PASSWORD") == person.password and person.has_password
        facts = frozenset({Fact("password", person.version)} if shown else ())
        self.took(answer, Asked(person, client, flow, "", self.world.clock(), facts, device_key=key), facts)

    def smuggle(self, asked: Asked) -> None:
        """A `Session` of a challenge where one of ConfirmSignUp belongs."""
        self.world.call(
            "InitiateAuth",
            ClientId=asked.client,
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": asked.person.name},
            Session=asked.text,
        )
        raise AssertionError("no such Session begins a sign-in")

    def answer(
        self, asked: Asked, challenge: str, named: Person, client: str, whose: Person | None, *, stale: bool = False,
        admin: bool = False,
    ) -> None:  # fmt: skip
        """An answer to `asked` as if `challenge` had been asked, in the name of one, with what another has."""
        given = {"USERNAME": named.name, **self.secrets(asked, whose, stale=stale)}
        request: dict[str, Any] = {"ClientId": client, "ChallengeName": challenge}
        if challenge in BLOCKS:
            given.setdefault("PASSWORD_CLAIM_SECRET_BLOCK", asked.text)
            given.setdefault("PASSWORD_CLAIM_SIGNATURE", "AAAA")
            given.setdefault("TIMESTAMP", "Sun Nov 2 12:00:00 UTC 2026")
        else:
            request["Session"] = asked.text
        if admin:
            pool = next(pool for pool, ids in self.world.clients.items() if client in ids)
            request["UserPoolId"] = self.world.pools[pool]
        operation = "AdminRespondToAuthChallenge" if admin else "RespondToAuthChallenge"
        try:
            answer = self.world.call(operation, ChallengeResponses=given, **request)
        except Refused as refused:
            asked.wrong += refused.code in {"CodeMismatch", "ExpiredCode"}
            raise
        self.use(asked)
        assert named is asked.person, "an answer in somebody else's name"
        assert client == asked.client, "an answer through another client"
        facts = asked.facts | self.truths(asked, whose, given)
        if asked.challenge == "NEW_PASSWORD_REQUIRED":
            facts = self.replaced(asked, given["NEW_PASSWORD"])
        self.took(answer, asked, facts)

    def use(self, asked: Asked) -> None:
        assert not asked.spent, "a Session was used twice"
        assert asked.wrong < TRIES, "more guesses than a challenge has"
        assert self.world.clock() - asked.at < VALIDITY, "a Session outlived its time"
        asked.spent = True

    def replaced(self, asked: Asked, password: str) -> frozenset[Fact]:
        """A temporary password was replaced by who had just shown it."""
        person, old = asked.person, Fact("password", asked.person.version)
        assert old in asked.facts
        assert person.temporary
        assert person.enabled
        person.password, person.version = password, person.version + 1
        person.temporary, person.confirmed = False, True
        return asked.facts - {old} | {Fact("password", person.version)}

    def associate(self, asked: Asked) -> None:
        answer = self.world.call("AssociateSoftwareToken", Session=asked.text)
        assert Fact("password", asked.person.version) in asked.facts
        assert not asked.person.app, "a password alone replaced somebody's app"
        self.keep(asked, answer, asked.facts, "MFA_SETUP", offered=answer["SecretCode"])

    def verify(self, asked: Asked, code: str) -> None:
        try:
            answer = self.world.call("VerifySoftwareToken", Session=asked.text, UserCode=code)
        except Refused as refused:
            asked.wrong += refused.code == "EnableSoftwareTokenMFA"
            raise
        self.use(asked)
        person = asked.person
        assert not person.app, "a password alone replaced somebody's app"
        assert Fact("password", person.version) in asked.facts
        person.app = asked.offered
        step = person.step_of(code, self.world.clock())
        assert step is not None, "an app was verified by a code that is not its own"
        person.used = step
        self.keep(asked, answer, asked.facts | {Fact("own app", person.app)}, "MFA_SETUP")

    def new_app(self, person: Person, token: str) -> None:
        """Who is signed in sets another app up."""
        secret = self.world.call("AssociateSoftwareToken", AccessToken=token)["SecretCode"]
        now = self.world.clock()
        code = str(pyotp.TOTP(secret).at(now // 1000))
        self.world.call("VerifySoftwareToken", AccessToken=token, UserCode=code)
        person.app, person.used = secret, now // 30_000

    # What comes back

    def took(self, answer: dict[str, Any], asked: Asked, facts: frozenset[Fact]) -> None:
        """The answer to a call that showed these facts in all."""
        if "AuthenticationResult" in answer:
            self.judge(asked, facts, answer["AuthenticationResult"]["AccessToken"])
        else:
            self.keep(asked, answer, facts, answer["ChallengeName"])

    def keep(
        self, asked: Asked, answer: dict[str, Any], facts: frozenset[Fact], challenge: str, offered: str = ""
    ) -> None:
        parameters = answer.get("ChallengeParameters", {})
        text = parameters.get("SECRET_BLOCK") or answer["Session"]
        code = self.world.mailed(asked.person) if challenge == "EMAIL_OTP" else ""
        following = Asked(
            asked.person, asked.client, challenge, text, self.world.clock(), facts, parameters, code, offered,
            asked.device_key,
        )  # fmt: skip
        self.asked.append(following)

    def judge(self, asked: Asked, facts: frozenset[Fact], token: str) -> None:
        """Tokens were handed out: to the right one, and for everything that they and their pool require?"""
        person, claims = asked.person, claims_of(token)
        assert (claims["username"], claims["client_id"]) == (person.name, asked.client)
        assert claims["iss"].endswith(person.pool)
        assert person.enabled, "a disabled user signed in"
        assert person.confirmed, "an unconfirmed user signed in"
        assert not person.temporary, "a temporary password signed in"
        first = {Fact("password", person.version)} if person.has_password else set()
        if not person.strict:
            first.add(Fact("code", person.email))
        assert facts & first, "no first factor that holds now"
        if person.strict or person.app_on:
            second = {Fact("app", person.app), Fact("own app", person.app)}
            if person.strict and person.device is not None:
                second.add(Fact("device", person.device[0]))
            assert facts & second, "no second factor that holds now"
        self.tokens.append((person, token))

    # What somebody does who has everything and wants to sign in

    def go_on(self, asked: Asked) -> None:
        """The right answer to what was asked."""
        person, challenge = asked.person, asked.challenge
        if challenge == "MFA_SETUP" and asked.offered:
            self.verify(asked, str(pyotp.TOTP(asked.offered).at((self.world.clock() + 1) // 1000)))
        elif challenge == "MFA_SETUP" and all(fact.what != "own app" for fact in asked.facts):
            self.associate(asked)
        else:
            self.answer(asked, challenge, person, asked.client, person)

    def finish(self, calls: int = 8) -> None:
        """Goes on from the newest `Session` until tokens come, or so many calls were made."""
        before = len(self.tokens)
        while calls and self.asked and len(self.tokens) == before:
            self.go_on(self.asked[-1])
            calls -= 1


def picked(asked: list[Asked], which: int) -> Asked | None:
    half, odd = divmod(which, 2)
    some = [] if odd else [one for one in asked if not one.spent]
    some = some or asked
    return some[-1 - half % len(some)] if some else None


def not_a_code_of(person: Person, now: int) -> str:
    good = {person.code(now, steps) for steps in range(-3, 4)}
    return next(code for code in ("123456", "654321", "111111", "222222") if code not in good)
