"""Two calls that change the same thing at the same moment: each is done as if it had come alone, on both databases."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from tests.api.idp.test_passkeys import FLOWS, ORIGIN, passkey_pool, person
from tests.authenticator import Authenticator
from tests.browser import oauth_app
from tests.calls import PASSWORD, at_once, attributes_of, claims_of, outcome, pairs, sign_in
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.outbox import code_to, messages_to
from tests.postgres import PostgresServer

from cenote.domain.errors import LimitExceeded
from cenote.domain.request import RequestFacts
from cenote.flows import passkeys

# Of two calls that meet by chance; enough for a missing lock to show nearly every time.
TRIES = 12


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("data")
    if request.param == "sqlite":
        with running(settings_for(data)) as one:
            yield one
        return
    databases: PostgresServer = request.getfixturevalue("postgres_server")
    url = databases.create_database()
    try:
        with running(settings_for(data, database=url)) as one:
            yield one
    finally:
        databases.drop_database(url)


@pytest.fixture(scope="module")
def idp(server: RunningServer) -> Any:
    return server.idp


@pytest.fixture(scope="module")
def make(server: RunningServer) -> PoolFactory:
    return PoolFactory(server)


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(AutoVerifiedAttributes=["email"])


def both(*calls: Callable[[], str]) -> list[str]:
    return at_once(lambda turn: calls[turn](), 2)


def signed_up(idp: Any, app: str, name: str) -> None:
    given = pairs({"email": f"{name}@example.com", "nickname": "old"})
    idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=given)


def test_custom_attributes_that_were_added_are_there(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()

    def add(number: int) -> str:
        new = {"Name": f"a{number}", "AttributeDataType": "String"}
        return outcome(idp.add_custom_attributes, UserPoolId=pool, CustomAttributes=[new])

    assert set(at_once(add, 20)) == {"ok"}
    names = {one["Name"] for one in idp.describe_user_pool(UserPoolId=pool)["UserPool"]["SchemaAttributes"]}
    assert {f"custom:a{number}" for number in range(20)} <= names


def test_a_tag_takes_no_protection_away(idp: Any, make: PoolFactory) -> None:
    for _ in range(TRIES):
        pool = make.pool()
        arn = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Arn"]
        said = both(
            partial(outcome, idp.update_user_pool, UserPoolId=pool, DeletionProtection="ACTIVE"),
            partial(outcome, idp.tag_resource, ResourceArn=arn, Tags={"a": "b"}),
        )
        assert said == ["ok", "ok"]
        assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["DeletionProtection"] == "ACTIVE"


def test_a_client_keeps_one_secret_at_least_and_two_at_most(idp: Any, make: PoolFactory, pool: str) -> None:
    def secrets() -> list[str]:
        return [one["ClientSecretId"] for one in idp.list_user_pool_client_secrets(**client)["ClientSecrets"]]

    for _ in range(TRIES):
        client = {"UserPoolId": pool, "ClientId": make.client(pool, GenerateSecret=True)["ClientId"]}
        add = partial(outcome, idp.add_user_pool_client_secret, **client)
        assert both(add, add).count("ok") == 1
        first, second = secrets()
        remove = partial(outcome, idp.delete_user_pool_client_secret, **client)
        said = both(partial(remove, ClientSecretId=first), partial(remove, ClientSecretId=second))
        assert sorted(said) == ["The last secret of an app client cannot be deleted.", "ok"]
        assert len(secrets()) == 1


def test_a_group_keeps_what_two_changed(idp: Any, make: PoolFactory) -> None:
    group = {"UserPoolId": make.pool(), "GroupName": "staff"}
    idp.create_group(**group)
    for number in range(TRIES):
        said = both(
            partial(outcome, idp.update_group, **group, Description=f"d{number}"),
            partial(outcome, idp.update_group, **group, Precedence=number),
        )
        assert said == ["ok", "ok"]
        found = idp.get_group(**group)["Group"]
        assert (found["Description"], found["Precedence"]) == (f"d{number}", number)


def changed(idp: Any, pool: str, name: str, **values: str) -> str:
    given = pairs(values)
    return outcome(idp.admin_update_user_attributes, UserPoolId=pool, Username=name, UserAttributes=given)


def test_a_confirmation_takes_nothing_back(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str
) -> None:
    app = make.client(pool)["ClientId"]
    for number in range(TRIES):
        name = f"confirmed-{number}"
        signed_up(idp, app, name)
        code = code_to(server.url, f"{name}@example.com")
        said = both(
            partial(outcome, idp.confirm_sign_up, ClientId=app, Username=name, ConfirmationCode=code),
            partial(changed, idp, pool, name, nickname="new"),
        )
        assert said == ["ok", "ok"]
        found = attributes_of(idp.admin_get_user(UserPoolId=pool, Username=name))
        assert (found["nickname"], found["email_verified"]) == ("new", "true")


def test_no_code_at_a_former_address_resets_the_password(
    server: RunningServer, idp: Any, make: PoolFactory, pool: str
) -> None:
    app = make.client(pool)["ClientId"]
    for number in range(TRIES):
        name = f"moved-{number}"
        make.user(pool, name, email=f"{name}@old.example", email_verified="true")
        said = both(
            partial(outcome, idp.forgot_password, ClientId=app, Username=name),
            partial(changed, idp, pool, name, email=f"{name}@new.example", email_verified="true"),
        )
        assert said == ["ok", "ok"]
        for message in messages_to(server.url, f"{name}@old.example"):
            given = {"ConfirmationCode": message["code"], "Password": "Another-Horse-9"}
            assert outcome(idp.confirm_forgot_password, ClientId=app, Username=name, **given) != "ok"
        assert sign_in(idp, app, name)


def test_a_temporary_password_has_to_be_replaced(idp: Any, make: PoolFactory, pool: str) -> None:
    app = make.client(pool)["ClientId"]
    for number in range(TRIES):
        name = f"temporary-{number}"
        signed_up(idp, app, name)
        user = {"UserPoolId": pool, "Username": name}
        said = both(
            partial(outcome, idp.admin_confirm_sign_up, **user),
            partial(outcome, idp.admin_set_user_password, **user, Password="Another-Horse-9"),
        )
        assert said[1] == "ok"
        assert idp.admin_get_user(**user)["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_nobody_gets_beyond_twenty_passkeys(server: RunningServer, make: PoolFactory) -> None:
    pool_id = passkey_pool(make)
    ada = person(make, pool_id, str(make.client(pool_id, ExplicitAuthFlows=FLOWS)["ClientId"]))
    for _ in range(19):
        ada.register()
    made = [Authenticator().make(ada.start(), ORIGIN) for _ in range(20)]

    async def register() -> list[Any]:
        """As many requests do that are read in one turn of the loop: no client here is quick enough for that."""
        pool, client = await server.app.store.clients.resolve(ada.app)
        ctx = server.app.context(
            RequestFacts("", None, "127.0.0.1", "a browser", None, "CompleteWebAuthnRegistration")
        )
        sub = claims_of(ada.token)["sub"]
        tasks = [passkeys.register(ctx, pool, sub, client.client_id, credential) for credential in made]
        return await asyncio.gather(*tasks, return_exceptions=True)

    said = server.run(register())
    assert [type(one) for one in said if one is not None] == [LimitExceeded] * 19
    assert len(ada.listed()) == 20


@pytest.mark.parametrize("ending", ["everywhere", "one browser"])
def test_no_session_outlives_a_sign_out_that_met_its_code(idp: Any, make: PoolFactory, ending: str) -> None:
    app = oauth_app(make)
    tracked = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 100}}
    if ending == "one browser":
        idp.set_user_pool_session_configuration(UserPoolId=app.pool, **tracked)

    def end(session: str) -> str:
        user = {"UserPoolId": app.pool, "Username": app.user}
        if not session:
            return outcome(idp.admin_user_global_sign_out, **user)
        return outcome(
            idp.admin_revoke_user_session, **user, SessionId=session, RevokeAssociatedSessions="LINKED"
        )

    def browser_session() -> str:
        found = idp.admin_list_user_sessions(UserPoolId=app.pool, Username=app.user)["Sessions"]
        return next(one["SessionId"] for one in found if one["SessionId"].startswith("sso"))

    def redeem(code: str) -> str:
        return str(app.token(code=code).document.get("refresh_token", "refused before"))

    for _ in range(50):
        code = app.code()
        ended, token = both(
            partial(end, browser_session() if ending == "one browser" else ""), partial(redeem, code)
        )
        assert ended == "ok"
        again = app.token(grant_type="refresh_token", redirect_uri=None, refresh_token=token)
        assert again.document["error"] == "invalid_grant"


def test_a_name_that_was_set_as_its_user_was_deleted_is_free(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["preferred_username"])
    for turn in range(TRIES):
        make.user(pool, f"user-{turn}")
        outcomes = both(
            partial(changed, idp, pool, f"user-{turn}", preferred_username="countess"),
            partial(outcome, idp.admin_delete_user, UserPoolId=pool, Username=f"user-{turn}"),
        )
        assert outcomes[0] in {"ok", "User does not exist."}
        assert outcomes[1] == "ok"
        sub = make.user(pool, f"user-{turn}", preferred_username="countess")
        found = idp.admin_get_user(UserPoolId=pool, Username="countess")
        assert attributes_of(found)["sub"] == sub
        idp.admin_delete_user(UserPoolId=pool, Username=f"user-{turn}")
