"""No secret in logs, errors, metrics or files in the clear, after everything that handles secrets (case 84)."""

import base64
import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pycognito.aws_srp import AWSSRP
from tests.calls import secret_hash
from tests.conftest import free_port
from tests.outbox import code_to, wrong
from tests.process import Process, cenote, serving
from tests.security.raw import Answer, call
from tests.security.requests import BUILT, members, minimal

from cenote.domain import identifiers, srp

FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
]
ADDRESS = "ada@leaks.example"
METRICS_TOKEN = "Distinct-Metrics-Token-zq"
SMTP_PASSWORD = "Distinct-Smtp-Password-zq"
AWS_SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
SENDER_KEY = "c2VuZGVyLWtleS1zZW5kZXIta2V5LXNlbmRlci1rZXk="
GATEWAY_TOKEN = "gateway-token-of-ours"


@dataclass
class Run:
    """What was done, what of it was secret, and all that was answered to who did not know it."""

    process: Process
    data: Path
    pool: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    refusals: list[bytes] = field(default_factory=list)

    def keep(self, what: str, value: str | bytes) -> str:
        """Notes a secret and gives it."""
        self.secrets[what] = value.encode() if isinstance(value, str) else value
        return str(value)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        answer = call(self.process.url, operation, request)
        self.note(answer)
        return answer.document

    def note(self, answer: Answer) -> None:
        if answer.status != 200:
            self.refusals.append(answer.body + json.dumps(answer.headers).encode())

    @property
    def app(self) -> dict[str, str]:
        return {"ClientId": str(self.client["ClientId"])}

    @property
    def ada(self) -> dict[str, str]:
        return {**self.app, "Username": "ada", "SecretHash": secret_hash(self.client, "ada")}

    def code(self, what: str) -> str:
        return self.keep(what, code_to(self.process.url, ADDRESS))

    def password_sign_in(self, what: str, password: str) -> dict[str, Any]:
        parameters = {"USERNAME": "ada", "PASSWORD": password, "SECRET_HASH": self.ada["SecretHash"]}
        request = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        return self.tokens(what, self.call("InitiateAuth", **self.app, **request))

    def srp_sign_in(self, what: str, password: str) -> dict[str, Any]:
        secret = {"client_secret": self.client["ClientSecret"], "client": self.process.idp()}
        client = AWSSRP("ada", password, self.pool, self.app["ClientId"], **secret)
        parameters = client.get_auth_params()
        asked = self.call("InitiateAuth", **self.app, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
        asked = asked["ChallengeParameters"]
        salt = bytes.fromhex(asked["SALT"].rjust(2 * srp.SALT_SIZE, "0")[-2 * srp.SALT_SIZE :])
        verifier = srp.verifier(identifiers.pool_name(self.pool), "ada", password, salt)
        self.keep(f"{what}: verifier", verifier)
        self.keep(f"{what}: secret block", asked["SECRET_BLOCK"])
        responses = client.process_challenge(asked, parameters)
        self.keep(f"{what}: proof", responses["PASSWORD_CLAIM_SIGNATURE"])
        request = {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}
        return self.tokens(what, self.call("RespondToAuthChallenge", **self.app, **request))

    def tokens(self, what: str, answer: dict[str, Any]) -> dict[str, Any]:
        """The tokens of a sign-in, or what it asks for: secrets from now on."""
        result = dict(answer.get("AuthenticationResult", {}))
        for name in {"AccessToken", "IdToken", "RefreshToken"} & set(result):
            self.keep(f"{what}: {name}", result[name])
        if "Session" in answer:
            self.keep(f"{what}: Session", answer["Session"])
        return result or answer


def signing_up(run: Run, password: str) -> None:
    mail = [{"Name": "email", "Value": ADDRESS}]
    for given in ("short", password, password):
        run.call("SignUp", **run.ada, Password=run.keep(f"sign-up {given}", given), UserAttributes=mail)
    code = run.code("sign-up code")
    run.call("ConfirmSignUp", **run.ada, ConfirmationCode=wrong(code))
    run.call("ConfirmSignUp", **{**run.ada, "SecretHash": "x"}, ConfirmationCode=code)
    run.call("ConfirmSignUp", **run.ada, ConfirmationCode=code)
    run.call("ConfirmSignUp", **run.ada, ConfirmationCode=code)


def signing_in(run: Run, password: str) -> dict[str, Any]:
    for number in range(3):
        run.password_sign_in("wrong sign-in", run.keep(f"guess {number}", f"Distinct-Guess-{number}-zq"))
    run.srp_sign_in("wrong proof", run.keep("wrong SRP password", "Distinct-Guess-9-zq"))
    tokens = run.password_sign_in("sign-in", password)
    run.srp_sign_in("SRP sign-in", password)
    parameters = {"REFRESH_TOKEN": tokens["RefreshToken"], "SECRET_HASH": run.ada["SecretHash"]}
    refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters}
    run.tokens("refresh", run.call("InitiateAuth", **run.app, **refresh))
    bent = {**parameters, "REFRESH_TOKEN": tokens["RefreshToken"][:-2]}
    run.call("InitiateAuth", **run.app, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=bent)
    return tokens


def changing(run: Run, tokens: dict[str, Any], password: str) -> None:
    access = {"AccessToken": tokens["AccessToken"]}
    proposed = run.keep("changed password", "Distinct-Changed-zq1")
    guess = run.keep("wrong previous password", "Distinct-Previous-zq1")
    for previous in (guess, password):
        run.call("ChangePassword", **access, PreviousPassword=previous, ProposedPassword=proposed)
    run.call("ForgotPassword", **run.ada)
    code, reset = run.code("reset code"), run.keep("reset password", "Distinct-Reset-zq1")
    for given in (wrong(code), code, code):
        run.call("ConfirmForgotPassword", **run.ada, ConfirmationCode=given, Password=reset)
    run.call("GetUser", **access)
    run.call("GetUser", AccessToken=tokens["AccessToken"][:-3])
    run.call("RevokeToken", **run.app, Token=tokens["RefreshToken"], ClientSecret="wrong")
    secret = {"ClientSecret": run.client["ClientSecret"]}
    run.call("RevokeToken", **run.app, Token=tokens["RefreshToken"], **secret)
    run.call("GetTokensFromRefreshToken", **run.app, RefreshToken=tokens["RefreshToken"], **secret)


def administering(run: Run) -> None:
    named = {"UserPoolId": run.pool, "Username": "ada"}
    temporary = run.keep("temporary password", "Distinct-Temporary-zq1")
    run.call("AdminSetUserPassword", **named, Password=temporary, Permanent=False)
    asked = run.password_sign_in("temporary sign-in", temporary)
    chosen = run.keep("new password", "Distinct-Chosen-zq1")
    for given in ("x", chosen, chosen):
        responses = {"USERNAME": "ada", "NEW_PASSWORD": given, "SECRET_HASH": run.ada["SecretHash"]}
        challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeResponses": responses}
        answer = run.call("RespondToAuthChallenge", **run.app, Session=asked["Session"], **challenge)
        run.tokens("new password", answer)
    invited = {"UserPoolId": run.pool, "Username": "bob", "DesiredDeliveryMediums": ["EMAIL"]}
    invited["TemporaryPassword"] = run.keep("invitation", "Distinct-Invited-zq1")
    run.call("AdminCreateUser", **invited, UserAttributes=[{"Name": "email", "Value": ADDRESS}])
    second = run.call("AddUserPoolClientSecret", UserPoolId=run.pool, **run.app)["ClientSecretDescriptor"]
    run.keep("second client secret", second["ClientSecretValue"])
    hashed = run.call("CreateUserPool", PoolName="h", UserPoolTags={"cenote:password-hash": "argon2id"})[
        "UserPool"
    ]["Id"]
    for name in ("ada", "bob"):
        made = {"UserPoolId": hashed, "Username": name, "MessageAction": "SUPPRESS"}
        run.call(
            "AdminCreateUser",
            **made,
            TemporaryPassword=run.keep(f"hashed {name}", f"Distinct-Hashed-{name}-1"),
        )


# Members whose values are nobody's business, in whatever way they are wrong.
SENSITIVE = {
    "Password", "ProposedPassword", "PreviousPassword", "TemporaryPassword", "AccessToken", "RefreshToken", "Token",
    "Session", "SecretHash", "ClientSecret", "UserCode",
}  # fmt: skip
MALFORMED = ("Distinct-Malformed-zq", "Distinct-Malformed-zq\n\x00", "Distinct-Malformed-zq" * 7000)


def sending_nonsense(run: Run) -> None:
    """Every secret member of every operation, ill-formed: validation errors quote values, but not these."""
    run.keep("malformed", "Distinct-Malformed")
    for operation in sorted(BUILT):
        for name in sorted(members(operation) & SENSITIVE):
            for value in (*MALFORMED, [MALFORMED[0]], {"x": MALFORMED[0]}):
                request = {**minimal(operation, UserPoolId=run.pool, **run.app), name: value}
                run.note(call(run.process.url, operation, request))
        for name in sorted(members(operation) & {"AuthParameters", "ChallengeResponses"}):
            for bent in ({"PASSWORD": MALFORMED[2]}, {"NEW_PASSWORD": [MALFORMED[0]]}, MALFORMED[0]):
                request = {**minimal(operation, UserPoolId=run.pool, **run.app), name: bent}
                run.note(call(run.process.url, operation, request))
    for body in (
        b'{"Password":"Distinct-Malformed-zq',
        b'{"Password":Distinct-Malformed-zq}',
        b'"Distinct-Malformed-zq"',
    ):
        run.note(call(run.process.url, "SignUp", body))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    data = tmp_path_factory.mktemp("leaking") / "data"
    made = cenote("keys", "create", "--data", str(data))
    arguments = ("--log-level", "debug", "--log-format", "json", "--access-log", "--workers", "2")
    with serving(data, free_port(), *arguments, CENOTE_METRICS_TOKEN=METRICS_TOKEN) as process:
        run, password = Run(process, data), "Distinct-Password-zq1"
        run.keep("access key", made.stdout.split("AWS_SECRET_ACCESS_KEY=")[1].split()[0])
        run.keep("metrics token", METRICS_TOKEN)
        run.pool = run.call("CreateUserPool", PoolName="p", AutoVerifiedAttributes=["email"])["UserPool"][
            "Id"
        ]
        request = {"ClientName": "c", "GenerateSecret": True, "ExplicitAuthFlows": FLOWS}
        run.client = run.call("CreateUserPoolClient", UserPoolId=run.pool, **request)["UserPoolClient"]
        run.keep("client secret", run.client["ClientSecret"])
        run.keep("secret hash", run.ada["SecretHash"])
        signing_up(run, password)
        changing(run, signing_in(run, password), password)
        administering(run)
        sending_nonsense(run)
        yield run


def forms(secret: bytes) -> Iterator[bytes]:
    """A secret as it is and as it could be written by mistake."""
    yield secret
    yield base64.b64encode(secret)[:-4]
    yield base64.urlsafe_b64encode(secret)[:-4]
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    if secret.isascii():
        yield quote(secret.decode()).encode()
        yield json.dumps(secret.decode())[1:-1].encode()
    for algorithm in (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.sha512):
        digest = algorithm(secret).digest()
        yield digest
        yield digest.hex().encode()


def found(run: Run, text: bytes) -> set[str]:
    """The secrets that stand in a text in one form or another."""
    there = set()
    for what, secret in run.secrets.items():
        if secret.isdigit():
            # Six digits are in many numbers; a code is one that stands alone.
            if re.search(rb"(?<!\d)%s(?!\d)" % secret, text):
                there.add(what)
        elif len(secret) > 5 and any(form in text for form in forms(secret)):
            there.add(what)
    return there


def test_case_84_what_was_driven_was_secret_and_refused_often_enough(run: Run) -> None:
    """The measure of the tests below: they look for many secrets, of which the good ones did work."""
    kinds = {what.rpartition(": ")[2] for what in run.secrets}
    assert {"AccessToken", "IdToken", "RefreshToken", "Session", "verifier", "proof", "secret block"} <= kinds
    assert {"sign-in: AccessToken", "SRP sign-in: AccessToken", "new password: AccessToken"} <= set(
        run.secrets
    )
    assert {"sign-up code", "reset code", "access key", "client secret"} <= set(run.secrets)
    assert len(run.refusals) > 150
    assert found(run, b"... " + run.secrets["reset code"] + b" ...") == {"reset code"}
    assert found(run, run.secrets["client secret"]) == {"client secret"}


def test_case_84_no_error_tells_a_secret(run: Run) -> None:
    told = [(found(run, refusal), refusal[:200]) for refusal in run.refusals]
    assert [each for each in told if each[0]] == []
    for refusal in run.refusals:
        assert not re.search(rb"Traceback|sqlite|asyncpg|/src/|File \\?\"|SELECT |INSERT ", refusal), refusal[
            :300
        ]


def test_case_84_no_log_tells_a_secret(run: Run) -> None:
    log = run.process.log.read_bytes()
    assert b'"answered"' in log  # the access log was on
    assert found(run, log) == set()
    assert b"Traceback" not in log
    assert ADDRESS.encode() not in log


def test_case_84_no_metric_tells_a_secret(run: Run) -> None:
    status, metrics = run.process.get("/metrics")
    assert status == 200
    assert "InitiateAuth" in metrics
    assert found(run, metrics.encode()) == set()
    assert ADDRESS not in metrics


def test_case_84_no_file_holds_a_secret_in_the_clear(run: Run) -> None:
    files = [path for path in run.data.rglob("*") if path.is_file() and path.name != "master.key"]
    assert {"cenote.db", "cenote.db-wal"} <= {path.name for path in files}
    written = b"".join(path.read_bytes() for path in files)
    assert ADDRESS.encode() in written  # what is no secret is there to be found
    assert found(run, written) == set()


def test_case_84_the_data_directory_is_its_owners_only(run: Run) -> None:
    assert run.data.stat().st_mode & 0o077 == 0
    assert (run.data / "cenote.db").stat().st_mode & 0o077 == 0
    assert (run.data / "master.key").stat().st_mode & 0o077 == 0


def test_case_84_no_command_line_or_screen_shows_a_settings_secret(tmp_path: Path) -> None:
    """Settings come to the workers by the environment, which only their owner reads."""
    settings = {
        "CENOTE_METRICS_TOKEN": METRICS_TOKEN,
        "CENOTE_SMTP_URL": f"smtp://u:{SMTP_PASSWORD}@127.0.0.1:1",
        "CENOTE_SES_ENDPOINT": "http://127.0.0.1:1",
        "CENOTE_AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "CENOTE_AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "CENOTE_SENDER_KEY": SENDER_KEY,
        "CENOTE_SMS_GATEWAY": json.dumps(
            {"url": "http://127.0.0.1:1/{to}/{text}", "headers": {"authorization": GATEWAY_TOKEN}}
        ),
    }
    with serving(tmp_path / "data", free_port(), "--log-level", "debug", **settings) as process:
        lines = b"".join(path.read_bytes() for path in command_lines(process))
        doctor = cenote("doctor", "--data", str(tmp_path / "data"), **settings)
        shown = lines + process.log.read_bytes() + (doctor.stdout + doctor.stderr).encode()
    assert b"serve" in shown
    for secret in (METRICS_TOKEN, SMTP_PASSWORD, AWS_SECRET, SENDER_KEY, GATEWAY_TOKEN):
        assert secret.encode() not in shown


def command_lines(process: Process) -> Iterator[Path]:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if process.popen.pid in (int(entry.name), int(parent)):
                yield entry / "cmdline"
