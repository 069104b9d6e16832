"""Every trigger on functions of this machine: ordinary Lambda code (tests/lambdas), by AWS's own runtime clients.

What each event and answer means has tests of its own beside this file. These show that Lambda code runs as it is.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.browser import claims, oauth_app
from tests.calls import PASSWORD, attempt, attributes_of, claims_of, pairs, refusal, sign_in
from tests.clients.drivers import App, Node, Person, or_fail, public_url
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.domain.test_encrypted_messages import WRAPPING_KEY
from tests.functions import arn
from tests.local_functions import PYTHON_CLIENT, eventually, need_node
from tests.outbox import newest_to

from cenote.domain.errors import UserLambdaValidation
from cenote.domain.pools import NO_TRIGGERS, TRIGGERS
from cenote.domain.request import RequestFacts
from cenote.flows.triggers import inbound_federation
from cenote.flows.triggers.firing import Occasion

pytestmark = pytest.mark.skipif(not PYTHON_CLIENT, reason="awslambdaric is not installed, as it needs Linux.")

LAMBDAS = Path(__file__).parents[2] / "lambdas"
NAMES = sorted(folder.name for folder in LAMBDAS.iterdir() if (folder / "app.py").exists())
NODE_MODULES = Path(__file__).parents[2] / "clients" / "node_modules"
OLD_PASSWORD = "old password"


@dataclass
class House:
    """A server whose functions all run in one runtime, and what they kept."""

    server: RunningServer
    make: PoolFactory
    records: Path

    @property
    def idp(self) -> Any:
        return self.server.idp

    def pool(self, *names: str, **request: Any) -> str:
        """A pool with these functions as its triggers; `pre_sign_up` is its PreSignUp."""
        config = {"".join(part.capitalize() for part in name.split("_")): arn(name) for name in names}
        return self.make.pool(**{"LambdaConfig": config, **request})

    def record(self, source: str, name: str) -> Any:
        """The event that a function kept, once it has; there is one."""
        kept = eventually(lambda: list(self.records.glob(f"{source}-{name}-*")))
        (file,) = kept
        return json.loads(eventually(file.read_text))


@pytest.fixture(scope="module", params=["python", "nodejs"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if request.param == "nodejs":
        need_node()
    folder = tmp_path_factory.mktemp("house")
    records = folder / "records"
    records.mkdir()
    tables, key = {}, base64.b64encode(WRAPPING_KEY).decode()
    for name in NAMES:
        code = folder / name
        code.mkdir()
        (code / "node_modules").symlink_to(NODE_MODULES)
        file = "app.py" if request.param == "python" else "app.mjs"
        (code / file).write_text((LAMBDAS / name / file).read_text())
        tables[name] = {
            "runtime": request.param,
            "handler": "app.handler",
            "path": str(code),
            "concurrency": 2,
            "environment": {"RECORDS": str(records), "BARRED": "mallory,trudy", "SENDER_KEY": key},
        }
    settings = settings_for(folder / "data", functions=json.dumps(tables), sender_key=key)
    with running(settings) as server:
        yield House(server, PoolFactory(server), records)


def sign_up(house: House, pool: str, name: str, email: str) -> Any:
    app = house.make.client(pool)["ClientId"]
    attributes = pairs({"email": email})
    return house.idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=attributes)


def test_pre_sign_up(house: House) -> None:
    pool = house.pool("pre_sign_up", AutoVerifiedAttributes=["email"])
    assert sign_up(house, pool, "ada", "ada@company.example")["UserConfirmed"] is True
    assert sign_up(house, pool, "bob", "bob@example.com")["UserConfirmed"] is False
    assert refusal(sign_up, house, pool, "eve", "eve@blocked.example") == (
        "UserLambdaValidation",
        "PreSignUp failed with error nobody from there.",
    )
    user = house.idp.admin_get_user(UserPoolId=pool, Username="ada")
    assert attributes_of(user)["email_verified"] == "true"


def test_post_confirmation(house: House) -> None:
    pool = house.pool("post_confirmation")
    sub = sign_up(house, pool, "ada", "ada@example.com")["UserSub"]
    house.idp.admin_confirm_sign_up(UserPoolId=pool, Username="ada")
    event = house.record("PostConfirmation_ConfirmSignUp", "ada")
    assert (event["userPoolId"], event["request"]["userAttributes"]["sub"]) == (pool, sub)


def test_pre_authentication(house: House) -> None:
    pool = house.pool("pre_authentication")
    app = house.make.client(pool)["ClientId"]
    for name in ("ada", "mallory"):
        house.make.user(pool, name)
    assert sign_in(house.idp, app, "ada")["AccessToken"]
    assert refusal(attempt, house.idp, app, "mallory") == (
        "UserLambdaValidation",
        "PreAuthentication failed with error not today.",
    )


def test_post_authentication(house: House) -> None:
    pool = house.pool("post_authentication")
    house.make.user(pool, "bea")
    sign_in(house.idp, house.make.client(pool)["ClientId"], "bea")
    event = house.record("PostAuthentication_Authentication", "bea")
    assert event["request"]["newDeviceUsed"] is False


CHALLENGES = ("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge_response")


@pytest.fixture
def cave(house: House) -> tuple[App, Person]:
    pool, person = house.pool(*CHALLENGES), Person()
    house.make.user(pool, person.username, person.password)
    flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = house.make.client(pool, ExplicitAuthFlows=flows)["ClientId"]
    return App(public_url(house.server), house.server.region, pool, client), person


def test_custom_authentication_by_three_functions(house: House, cave: tuple[App, Person]) -> None:
    app, person = cave
    asked = house.idp.initiate_auth(
        ClientId=app.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": person.username}
    )
    for answer, done in (("wrong", False), ("open sesame", True)):
        assert asked["ChallengeParameters"]["question"] == "What opens the cave?"
        asked = house.idp.respond_to_auth_challenge(
            ClientId=app.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": person.username, "ANSWER": answer},
        )
        assert ("AuthenticationResult" in asked) is done


def test_custom_authentication_ends_at_the_third_wrong_answer(house: House, cave: tuple[App, Person]) -> None:
    app, person = cave
    asked = house.idp.initiate_auth(
        ClientId=app.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": person.username}
    )

    def answer(session: str) -> Any:
        return house.idp.respond_to_auth_challenge(
            ClientId=app.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=session,
            ChallengeResponses={"USERNAME": person.username, "ANSWER": "wrong"},
        )

    for _ in range(2):
        asked = answer(asked["Session"])
    assert refusal(answer, asked["Session"])[0] == "NotAuthorized"


@pytest.mark.parametrize("scenario", ["withoutPassword", "withPassword"])
def test_custom_authentication_as_amazon_cognito_identity_js_drives_it(
    cave: tuple[App, Person], scenario: str
) -> None:
    """With the password by SRP before the question, and without."""
    app, person = cave
    result = Node.found().run("custom_auth.js", scenario, app, person, answer="open sesame")
    assert result["first"]["challenge"]["question"] == "What opens the cave?"
    assert result["right"]["signedIn"]["cognito:username"] == person.username
    if scenario == "withPassword":
        assert result["refused"]["name"] == "NotAuthorizedException"
    else:
        assert "challenge" in result["wrong"]


def with_version(house: House, name: str, version: str) -> str:
    config = {"LambdaVersion": version, "LambdaArn": arn(name)}
    return house.pool(LambdaConfig={"PreTokenGenerationConfig": config})


def signed_in(house: House, pool: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What the ID token and the access token of a user say, and the user's sub."""
    sub = house.make.user(pool, "ada", email="ada@example.com")
    result = sign_in(house.idp, str(house.make.client(pool)["ClientId"]), "ada")
    return claims_of(result["IdToken"]), claims_of(result["AccessToken"]), sub


def test_case_34_pre_token_generation_1(house: House) -> None:
    identity, access, sub = signed_in(house, with_version(house, "pre_token_generation_v1", "V1_0"))
    assert (identity["tenant"], identity["sub"], access["sub"]) == ("t1", sub, sub)
    assert "email" not in identity
    assert "tenant" not in access
    assert identity["cognito:groups"] == access["cognito:groups"] == ["readers"]


def test_case_34_pre_token_generation_2(house: House) -> None:
    identity, access, _ = signed_in(house, with_version(house, "pre_token_generation_v2", "V2_0"))
    assert identity["plan"] == {"seats": 3}
    assert access["roles"] == ["a", "b"]
    assert "photos/read" in access["scope"].split()
    assert access["iss"] == identity["iss"] != "https://evil.example"


def test_pre_token_generation_3(house: House) -> None:
    pool = with_version(house, "pre_token_generation_v3", "V3_0")
    assert signed_in(house, pool)[1]["kind"] == "person"
    house.idp.create_resource_server(
        UserPoolId=pool,
        Identifier="api",
        Name="api",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "read"}],
    )
    machine = oauth_app(
        house.make,
        pool=pool,
        secret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read"],
    )
    page = machine.token(grant_type="client_credentials", redirect_uri=None)
    assert claims(page.document["access_token"])["kind"] == "machine"


def test_user_migration_signs_in_somebody_who_did_not_exist(house: House) -> None:
    pool = house.pool("user_migration")
    app = house.make.client(pool)["ClientId"]
    assert refusal(house.idp.admin_get_user, UserPoolId=pool, Username="old-ada")[0] == "UserNotFound"
    assert refusal(attempt, house.idp, app, "old-ada", "wrong")[0] == "UserNotFound"
    assert refusal(attempt, house.idp, app, "nobody", OLD_PASSWORD)[0] == "UserNotFound"
    assert sign_in(house.idp, app, "old-ada", OLD_PASSWORD)["AccessToken"]
    user = house.idp.admin_get_user(UserPoolId=pool, Username="old-ada")
    assert (user["UserStatus"], attributes_of(user)["email"]) == ("CONFIRMED", "old-ada@example.com")


def test_user_migration_is_not_for_srp_which_sends_no_password(house: House) -> None:
    """documented; once migrated by a password, the user signs in by SRP as any other"""
    pool = house.pool("user_migration")
    app = house.make.client(pool)["ClientId"]
    request = {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "old-ada", "SRP_A": "2"}}
    assert refusal(house.idp.initiate_auth, ClientId=app, **request)[0] == "UserNotFound"
    sign_in(house.idp, app, "old-ada", OLD_PASSWORD)
    srp = AWSSRP("old-ada", OLD_PASSWORD, pool, app, client=house.idp)
    assert srp.authenticate_user()["AuthenticationResult"]["AccessToken"]


def test_custom_message(house: House) -> None:
    pool = house.pool("custom_message", AutoVerifiedAttributes=["email"])
    sign_up(house, pool, "cora", "cora@example.com")
    message = newest_to(house.server.url, "cora@example.com")
    assert message["subject"] == "Welcome"
    assert message["body"] == f"Your own code is {message['code']}."


@pytest.mark.parametrize(("medium", "attribute"), [("Email", "email"), ("SMS", "phone_number")])
def test_custom_senders(house: House, medium: str, attribute: str) -> None:
    """Each reads the code with the AWS Encryption SDK of its language."""
    if not (NODE_MODULES / "@aws-crypto" / "decrypt-node").exists():
        or_fail("The AWS Encryption SDK for JavaScript is not installed: run `make node`.")
    name = f"custom_{medium.lower()}_sender"
    pool = house.pool(
        AutoVerifiedAttributes=[attribute],
        LambdaConfig={
            f"Custom{medium}Sender": {"LambdaVersion": "V1_0", "LambdaArn": arn(name)},
            "KMSKeyID": "arn:aws:kms:eu-central-1:123456789012:key/any",
        },
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    )
    app = house.make.client(pool)["ClientId"]
    to = {"email": "dora@example.com", "phone_number": "+15550123"}[attribute]
    house.idp.sign_up(ClientId=app, Username="dora", Password=PASSWORD, UserAttributes=pairs({attribute: to}))
    event = house.record(f"Custom{medium}Sender_SignUp", "dora")
    house.idp.confirm_sign_up(ClientId=app, Username="dora", ConfirmationCode=event["code"])


def test_the_documentation_reads_codes_as_the_function_does() -> None:
    page = (Path(__file__).parents[3] / "docs" / "triggers.md").read_text()
    code = page.partition("```js\n")[2].partition("```")[0]
    function = (LAMBDAS / "custom_email_sender" / "app.mjs").read_text().splitlines()
    shown = [line for line in code.splitlines() if not line.startswith("//")]
    assert len(shown) > 10
    assert set(shown) <= set(function)


def test_inbound_federation(house: House) -> None:
    """Called as a sign-in by another provider will call it: no pool can have it yet."""
    app = house.make.client(house.make.pool())["ClientId"]
    pool, client = house.server.run(house.server.app.store.clients.resolve(app))
    config = {"InboundFederation": {"LambdaArn": arn("inbound_federation"), "LambdaVersion": "V1_0"}}
    pool = replace(pool, document={**pool.document, "LambdaConfig": config})
    context = house.server.app.context(RequestFacts("a request", None, "127.0.0.1", "", None, ""))

    def mapped(email: str) -> Any:
        told = inbound_federation.Told(
            "Company", "OIDC", id_token={"sub": "1", "groups": ["blue", "red"]}, user_info={"email": email}
        )
        occasion = Occasion(context, pool, client)
        return house.server.run(inbound_federation.mapped(occasion, "Company_1", told))

    assert mapped("ada@company.example") == {
        "sub": "1",
        "email": "ada@company.example",
        "custom:team": "blue",
    }
    with pytest.raises(
        UserLambdaValidation, match=r"InboundFederation failed with error nobody from there\."
    ):
        mapped("eve@example.com")


def test_each_trigger_has_a_function_in_each_language() -> None:
    """PreTokenGeneration has one for each of its versions."""
    triggers = {*TRIGGERS, *NO_TRIGGERS} - {"PreTokenGeneration", "PreTokenGenerationConfig", "KMSKeyID"}
    versions = {f"PreTokenGenerationV{version}" for version in "123"}
    named = {"".join(part.capitalize() for part in name.split("_")) for name in NAMES}
    assert {name.replace("CustomSms", "CustomSMS") for name in named} == triggers | versions
    assert all((LAMBDAS / name / "app.mjs").exists() for name in NAMES)
