"""GetDerivedToken (RFC 8693): what a derived token is, what it never is, what is refused. Errors are assumed."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from tests.browser import App, claims, oauth_app
from tests.calls import refusal, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.exchanges import HELD, Exchange, exchange, exchanger

from cenote.domain import jwt


@pytest.fixture(scope="module")
def one(make: PoolFactory) -> Exchange:
    return exchange(make)


@pytest.fixture(scope="module")
def wide(one: Exchange) -> Exchange:
    """A service for users, which may have what the app may have."""
    service = exchanger(one.make, one.app.pool, AllowedOAuthFlows=["code"], AllowedOAuthScopes=HELD)
    return Exchange(one.make, one.app, service)


@pytest.fixture(scope="module")
def token(one: Exchange) -> str:
    return str(one.subject()["access_token"])


def test_a_derived_token_is_the_users_issued_to_the_service(one: Exchange, token: str) -> None:
    """Documented, and recorded in reports: the user's `sub`, the exchanging client's `client_id`, no refresh token."""
    answer = one.derive(token, Audiences=["billing"])
    given, before = claims(answer["IssuedToken"]), claims(token)
    assert (answer["IssuedTokenType"], answer["TokenType"], answer["Scopes"]) == (
        "ACCESS_TOKEN",
        "Bearer",
        ["files/read"],
    )
    assert (given["sub"], given["username"]) == (one.app.sub, one.app.user)
    assert (given["client_id"], given["aud"], given["scope"]) == (one.service.id, "billing", "files/read")
    assert (given["token_use"], given["iss"], given["version"]) == ("access", before["iss"], 2)
    assert (given["origin_jti"], given["auth_time"]) == (before["origin_jti"], before["auth_time"])
    assert given["jti"] != before["jti"]
    assert "act" not in given


def test_scopes_are_those_of_the_request_the_subject_and_the_client(wide: Exchange) -> None:
    """Documented: the intersection of the three."""
    token = wide.subject(scope="openid files/read")["access_token"]
    assert wide.derive(token)["Scopes"] == ["openid", "files/read"]
    assert wide.derive(token, Scopes=["files/read", "files/write"])["Scopes"] == ["files/read"]
    for scopes in (["files/write"], ["files/admin"], ["nothing"]):
        assert refusal(wide.derive, token, Scopes=scopes)[0] == "InvalidParameter"


def test_a_client_that_may_have_none_of_the_scopes_gets_a_token_without_any(
    make: PoolFactory, one: Exchange
) -> None:
    service = exchanger(make, one.app.pool, AllowedOAuthScopes=["files/admin"])
    answer = Exchange(make, one.app, service).derive(one.subject()["access_token"])
    assert "Scopes" not in answer
    assert "scope" not in claims(answer["IssuedToken"])


def test_a_derived_token_lives_no_longer_than_its_subject(own_server: RunningServer) -> None:
    one = exchange(PoolFactory(own_server))
    own_server.clock.freeze()
    token = one.subject()["access_token"]
    own_server.clock.advance(minutes=50)
    answer = one.derive(token)
    given = claims(answer["IssuedToken"])
    assert (answer["ExpiresIn"], given["exp"]) == (600, claims(token)["exp"])
    own_server.clock.advance(minutes=10)
    assert refusal(one.derive, token) == ("NotAuthorized", "Access Token has expired")
    assert refusal(one.derive, answer["IssuedToken"]) == (
        "NotAuthorized",
        "Access Token has expired",
    )


def test_a_resource_is_a_resource_server_of_the_pool(one: Exchange, token: str) -> None:
    assert claims(one.derive(token, Resources=["files"])["IssuedToken"])["aud"] == "files"
    assert refusal(one.derive, token, Resources=["other"]) == (
        "ResourceNotFound",
        "Resource server other does not exist.",
    )


def test_case_77_another_pools_resource_server_is_none(make: PoolFactory, one: Exchange, token: str) -> None:
    other = make.pool()
    one.idp.create_resource_server(UserPoolId=other, Identifier="elsewhere", Name="elsewhere")
    assert refusal(one.derive, token, Resources=["elsewhere"])[0] == "ResourceNotFound"


def test_audience_and_resource_are_not_asked_for_together(one: Exchange, token: str) -> None:
    """Documented; the text is assumed."""
    assert refusal(one.derive, token, Audiences=["a"], Resources=["files"])[0] == "InvalidParameter"
    assert refusal(one.derive, token, Audiences=["a", "b"])[0] == "InvalidParameter"


def test_what_was_bound_to_an_audience_stays_bound(one: Exchange, token: str) -> None:
    first = one.derive(token, Audiences=["billing"])["IssuedToken"]
    assert claims(one.derive(first)["IssuedToken"])["aud"] == "billing"


def test_an_actor_stands_in_act_and_those_before_it_inside(
    make: PoolFactory, one: Exchange, token: str
) -> None:
    """RFC 8693 4.1. Documented: `act` identifies the intermediary; its members are assumed."""
    first = one.delegated(token)["IssuedToken"]
    actor = {"sub": one.service.id, "client_id": one.service.id}
    assert claims(first)["act"] == actor
    assert claims(first)["sub"] == one.app.sub
    next_one = Exchange(make, one.app, exchanger(make, one.app.pool))
    second = claims(next_one.delegated(first)["IssuedToken"])
    assert second["act"] == {"sub": next_one.service.id, "client_id": next_one.service.id, "act": actor}
    # Nobody gets out of the chain by exchanging without an actor.
    assert claims(next_one.derive(first)["IssuedToken"])["act"] == actor


def test_a_chain_of_actors_ends(one: Exchange, token: str) -> None:
    own = {"ActorToken": one.own(), "ActorTokenType": "ACCESS_TOKEN"}
    for _ in range(8):
        token = one.derive(token, **own)["IssuedToken"]
    assert refusal(one.derive, token, **own)[0] == "NotAuthorized"


def test_an_actor_token_is_the_requesting_clients(make: PoolFactory, one: Exchange, token: str) -> None:
    other = exchanger(make, one.app.pool)
    assert refusal(one.delegated, token, ActorToken=one.own(other)) == (
        "NotAuthorized",
        "The actor token was not issued to this client.",
    )


def test_a_user_can_be_the_actor_by_an_id_token_of_the_client(wide: Exchange) -> None:
    helper = wide.service
    helper.user = wide.app.user
    identity = helper.tokens(scope="openid")["id_token"]
    other = wide.subject()["access_token"]
    given = claims(wide.derive(other, ActorToken=identity, ActorTokenType="ID_TOKEN")["IssuedToken"])
    assert given["act"] == {"sub": wide.app.sub, "client_id": helper.id}


def test_actor_token_and_its_type_come_together(one: Exchange, token: str) -> None:
    for request in ({"ActorToken": token}, {"ActorTokenType": "ACCESS_TOKEN"}):
        assert refusal(one.derive, token, **request)[0] == "InvalidParameter"


def test_each_kind_of_exchange_needs_its_flow(make: PoolFactory, one: Exchange, token: str) -> None:
    """Documented at ExplicitAuthFlows; the error is assumed."""
    alone = exchanger(make, one.app.pool, ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"])
    acting = exchanger(make, one.app.pool, ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_DELEGATION"])
    neither = exchanger(make, one.app.pool, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    assert Exchange(make, one.app, alone).derive(token)
    assert Exchange(make, one.app, acting).delegated(token)
    assert refusal(Exchange(make, one.app, alone).delegated, token)[0] == "NotAuthorized"
    assert refusal(Exchange(make, one.app, acting).derive, token)[0] == "NotAuthorized"
    assert refusal(Exchange(make, one.app, neither).derive, token)[0] == "NotAuthorized"


def test_the_client_proves_its_secret_and_nothing_else_stands_in(one: Exchange, token: str) -> None:
    assert refusal(one.derive, token, ClientSecret=None)[0] == "NotAuthorized"
    assert refusal(one.derive, token, ClientSecret="wrongsecretofsomelength000000")[0] == "NotAuthorized"
    assert refusal(one.derive, token, ClientId="0" * 26)[0] == "ResourceNotFound"


def test_nobody_has_to_sign_the_call(one: Exchange, token: str) -> None:
    """Documented: IAM credentials, or the client's id and secret."""
    unsigned = boto3.client(
        "cognito-idp",
        endpoint_url=one.make.server.url,
        region_name=one.make.server.region,
        config=Config(signature_version=UNSIGNED),
    )
    answer = unsigned.get_derived_token(
        ClientId=one.service.id,
        ClientSecret=one.service.secret,
        SubjectToken=token,
        SubjectTokenType="ACCESS_TOKEN",
    )
    assert answer["IssuedToken"]


def test_an_id_token_is_exchanged_for_an_access_token_without_scopes(one: Exchange) -> None:
    identity = one.subject()["id_token"]
    answer = one.derive(identity, SubjectTokenType="ID_TOKEN", Audiences=["billing"])
    given = claims(answer["IssuedToken"])
    assert (given["token_use"], given["sub"], given["aud"]) == ("access", one.app.sub, "billing")
    assert "scope" not in given
    asked = refusal(one.derive, identity, SubjectTokenType="ID_TOKEN", Scopes=["files/read"])
    assert asked[0] == "InvalidParameter"


def test_an_id_token_can_be_issued_and_shows_no_more_than_its_subject(one: Exchange, wide: Exchange) -> None:
    tokens = wide.subject(scope="openid email")
    for subject, kind in ((tokens["access_token"], "ACCESS_TOKEN"), (tokens["id_token"], "ID_TOKEN")):
        answer = wide.derive(subject, SubjectTokenType=kind, RequestedTokenType="ID_TOKEN")
        given = claims(answer["IssuedToken"])
        assert (answer["IssuedTokenType"], answer["TokenType"]) == ("ID_TOKEN", "N_A")
        assert (given["token_use"], given["aud"], given["sub"]) == ("id", wide.service.id, wide.app.sub)
        assert given["email"] == f"{wide.app.user}@example.com"
        assert "given_name" not in given
    without = wide.subject(scope="files/read")["access_token"]
    assert refusal(wide.derive, without, RequestedTokenType="ID_TOKEN")[0] == "InvalidParameter"
    narrow = one.subject()["access_token"]  # the service may not have the scope openid
    assert refusal(one.derive, narrow, RequestedTokenType="ID_TOKEN")[0] == "InvalidParameter"


def test_a_token_of_the_api_opens_an_id_token_by_its_own_scope(make: PoolFactory, wide: Exchange) -> None:
    password = make.client(wide.app.pool)["ClientId"]
    token = sign_in(wide.idp, password, wide.app.user)["AccessToken"]
    given = claims(wide.derive(token, RequestedTokenType="ID_TOKEN")["IssuedToken"])
    assert given["given_name"] == "Ada"


def test_case_30_an_id_token_for_another_app_client_is_not_issued(wide: Exchange) -> None:
    """It would pass for a sign-in there. A service that is no client may be named."""
    token = wide.subject()["access_token"]
    asked = {"RequestedTokenType": "ID_TOKEN", "Audiences": [wide.app.id]}
    assert refusal(wide.derive, token, **asked)[0] == "ResourceNotFound"
    given = claims(wide.derive(token, RequestedTokenType="ID_TOKEN", Audiences=["billing"])["IssuedToken"])
    assert (given["aud"], given["azp"]) == ("billing", wide.service.id)


def test_case_30_one_kind_of_token_is_not_taken_for_the_other(one: Exchange) -> None:
    tokens = one.subject()
    wrong = refusal(one.derive, tokens["id_token"], SubjectTokenType="ACCESS_TOKEN")
    assert wrong == ("NotAuthorized", "Invalid Access Token")
    wrong = refusal(one.derive, tokens["access_token"], SubjectTokenType="ID_TOKEN")
    assert wrong == ("NotAuthorized", "Invalid ID Token")
    wrong = refusal(one.delegated, tokens["access_token"], ActorTokenType="ID_TOKEN")
    assert wrong == ("NotAuthorized", "Invalid ID Token")


def test_cases_30_and_77_tokens_of_another_pool_are_refused(
    make: PoolFactory, one: Exchange, token: str
) -> None:
    other = exchange(make)
    stranger = other.subject()["access_token"]
    assert refusal(one.derive, stranger) == ("NotAuthorized", "Invalid Access Token")
    assert refusal(one.delegated, token, ActorToken=other.own()) == (
        "NotAuthorized",
        "Invalid Access Token",
    )


def test_a_tampered_token_and_a_refresh_token_are_refused(one: Exchange) -> None:
    tokens = one.subject()
    head, payload, signature = tokens["access_token"].split(".")
    for bad in (f"{head}.{payload}.{signature[:-4]}AAAA", f"{head}.{payload}.", tokens["refresh_token"], "x"):
        assert refusal(one.derive, bad) == ("NotAuthorized", "Invalid Access Token")


def test_a_clients_own_token_is_no_subject(one: Exchange) -> None:
    assert refusal(one.derive, one.own())[0] == "NotAuthorized"


def test_federated_tokens_are_refused_by_name(one: Exchange, token: str) -> None:
    assert refusal(one.derive, token, SubjectTokenProviderName="Okta") == (
        "ResourceNotFound",
        "Identity provider Okta does not exist.",
    )
    assert refusal(one.delegated, token, ActorTokenProviderName="Okta")[0] == "ResourceNotFound"
    assert refusal(one.derive, "PHNhbWw+", SubjectTokenType="SAML2")[0] == "InvalidParameter"


def test_a_pool_in_the_lite_tier_exchanges_nothing(make: PoolFactory) -> None:
    """Documented: of the Essentials and Plus plans."""
    one = exchange(make)
    token = one.subject()["access_token"]
    one.idp.update_user_pool(UserPoolId=one.app.pool, UserPoolTier="LITE")
    assert refusal(one.derive, token)[0] == "OperationNotEnabled"
    assert refusal(exchanger, make, one.app.pool)[0] == "FeatureUnavailableInTier"


def test_a_derived_token_is_no_self_service_token_unless_its_scope_says_so(
    one: Exchange, wide: Exchange
) -> None:
    subject = one.subject()["access_token"]
    narrow = one.derive(subject, Audiences=["billing"])["IssuedToken"]
    for operation in (one.idp.get_user, one.idp.global_sign_out, one.idp.delete_user):
        assert refusal(operation, AccessToken=narrow) == (
            "NotAuthorized",
            "Access Token does not have required scopes",
        )
    full = wide.derive(subject)["IssuedToken"]
    assert one.idp.get_user(AccessToken=full)["Username"] == one.app.user


def test_case_36_a_derived_token_shows_what_its_own_client_may_read(make: PoolFactory, one: Exchange) -> None:
    settings = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": HELD, "ReadAttributes": ["email"]}
    service = exchanger(make, one.app.pool, **settings)
    derived = Exchange(make, one.app, service).derive(one.subject()["access_token"])["IssuedToken"]
    shown = {entry["Name"] for entry in one.idp.get_user(AccessToken=derived)["UserAttributes"]}
    assert {"email"} <= shown <= {"sub", "email"}
    info = one.app.browser().get("/oauth2/userInfo", authorization=f"Bearer {derived}").document
    assert set(info) == {"sub", "email", "username"}


def ended_globally(one: Exchange, tokens: Any) -> None:
    one.idp.global_sign_out(AccessToken=tokens["access_token"])


def ended_by_an_administrator(one: Exchange, tokens: Any) -> None:
    one.idp.admin_user_global_sign_out(UserPoolId=one.app.pool, Username=one.app.user)


def revoked(one: Exchange, tokens: Any) -> None:
    one.idp.revoke_token(Token=tokens["refresh_token"], ClientId=one.app.id)


def disabled(one: Exchange, tokens: Any) -> None:
    one.idp.admin_disable_user(UserPoolId=one.app.pool, Username=one.app.user)


def reset(one: Exchange, tokens: Any) -> None:
    one.idp.admin_reset_user_password(UserPoolId=one.app.pool, Username=one.app.user)


def deleted(one: Exchange, tokens: Any) -> None:
    one.idp.admin_delete_user(UserPoolId=one.app.pool, Username=one.app.user)


def without_the_app(one: Exchange, tokens: Any) -> None:
    one.idp.delete_user_pool_client(UserPoolId=one.app.pool, ClientId=one.app.id)


def without_the_service(one: Exchange, tokens: Any) -> None:
    one.idp.delete_user_pool_client(UserPoolId=one.app.pool, ClientId=one.service.id)


@pytest.mark.parametrize(
    "end",
    [
        ended_globally,
        ended_by_an_administrator,
        revoked,
        disabled,
        reset,
        deleted,
        without_the_app,
        without_the_service,
    ],
)
def test_cases_25_and_26_a_derived_token_dies_with_its_session(
    make: PoolFactory, end: Callable[[Exchange, Any], None]
) -> None:
    one = exchange(make, AllowedOAuthFlows=["code"], AllowedOAuthScopes=HELD)
    tokens = one.subject()
    derived = one.derive(tokens["access_token"])["IssuedToken"]
    assert one.idp.get_user(AccessToken=derived)
    identity = one.derive(tokens["access_token"], RequestedTokenType="ID_TOKEN")["IssuedToken"]
    end(one, tokens)
    assert refusal(one.idp.get_user, AccessToken=derived)[0] in {
        "NotAuthorized",
        "UserNotFound",
    }
    info = one.app.browser().get("/oauth2/userInfo", authorization=f"Bearer {derived}")
    assert info.status == 401
    subjects = ((derived, "ACCESS_TOKEN"), (identity, "ID_TOKEN"), (tokens["id_token"], "ID_TOKEN"))
    last = exchanger(make, one.app.pool)
    for subject, kind in subjects[: 2 if end is without_the_service else 3]:
        error = refusal(Exchange(make, one.app, last).derive, subject, SubjectTokenType=kind)[0]
        assert error == ("UserNotFound" if end is deleted else "NotAuthorized")


def test_case_23_a_derived_token_refreshes_and_revokes_nothing(one: Exchange, token: str) -> None:
    answer = one.derive(token)
    assert set(answer) - {"ResponseMetadata"} == {
        "IssuedToken",
        "IssuedTokenType",
        "TokenType",
        "ExpiresIn",
        "Scopes",
    }
    asked = {"Token": answer["IssuedToken"], "ClientId": one.service.id, "ClientSecret": one.service.secret}
    assert refusal(one.idp.revoke_token, **asked)[0] == "UnsupportedTokenType"


def test_a_deleted_actor_acts_no_longer(make: PoolFactory, one: Exchange, token: str) -> None:
    service = exchanger(make, one.app.pool)
    own = one.own(service)
    one.idp.delete_user_pool_client(UserPoolId=one.app.pool, ClientId=service.id)
    assert refusal(one.delegated, token, ActorToken=own) == (
        "NotAuthorized",
        "Access Token has been revoked",
    )


def test_a_client_without_a_secret_exchanges_too(make: PoolFactory, one: Exchange, token: str) -> None:
    """Documented: a secret, if the client has one."""
    public: App = oauth_app(
        make,
        pool=one.app.pool,
        with_user=False,
        ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"],
        AllowedOAuthScopes=["files/read"],
    )
    assert one.derive(token, ClientId=public.id, ClientSecret=None)["Scopes"] == ["files/read"]


def test_a_token_that_is_bound_to_a_key_is_not_exchanged_for_one_that_is_not(
    one: Exchange, token: str
) -> None:
    """Nobody here has proved to hold the key (RFC 9449 7)."""

    async def bound() -> str:
        app = one.make.server.app
        signer = await app.signing.of(await app.store.pools.get(one.app.pool))
        return jwt.sign({**claims(token), "cnf": {"jkt": "thumbprint"}}, signer.access_key)

    assert refusal(one.derive, one.make.server.run(bound()))[0] == "NotAuthorized"
