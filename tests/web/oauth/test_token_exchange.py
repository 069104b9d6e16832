"""The token-exchange grant (RFC 8693) at the token endpoint: the same flow as GetDerivedToken behind another door."""

import jwt
import pytest
from tests.browser import claims, turned_on
from tests.conftest import PoolFactory
from tests.exchanges import GRANT, TYPE, Exchange, exchange, exchanger
from tests.prover import Bound


@pytest.fixture(scope="module")
def one(make: PoolFactory) -> Exchange:
    return exchange(make)


@pytest.fixture(scope="module")
def token(one: Exchange) -> str:
    return str(one.subject()["access_token"])


def refused(one: Exchange, error: str, token: str, **form: str | None) -> None:
    page = one.post(token, **form)
    assert (page.status, page.document["error"]) == (400, error), page.text


def test_a_token_is_exchanged_for_a_narrower_one(one: Exchange, token: str) -> None:
    page = one.post(token, audience="billing", scope="files/read files/write")
    assert page.status == 200, page.text
    assert list(page.document) == ["access_token", "expires_in", "token_type", "issued_token_type", "scope"]
    assert page.document["issued_token_type"] == f"{TYPE}access_token"
    assert (page.document["token_type"], page.document["scope"]) == ("Bearer", "files/read")
    given = claims(page.document["access_token"])
    assert (given["aud"], given["sub"], given["client_id"]) == ("billing", one.app.sub, one.service.id)
    assert page.headers["cache-control"] == "no-store"


def test_an_id_token_is_no_bearer_token(make: PoolFactory, one: Exchange) -> None:
    """RFC 8693 2.2.1: `token_type` is N_A for what no API is called with."""
    service = exchanger(make, one.app.pool, AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid"])
    page = Exchange(make, one.app, service).post(
        one.subject()["id_token"],
        subject_token_type=f"{TYPE}id_token",
        requested_token_type=f"{TYPE}id_token",
    )
    assert (page.document["token_type"], page.document["issued_token_type"]) == ("N_A", f"{TYPE}id_token")
    assert claims(page.document["access_token"])["token_use"] == "id"


def test_an_actor_stands_in_the_token(one: Exchange, token: str) -> None:
    page = one.post(token, actor_token=one.own(), actor_token_type=f"{TYPE}access_token")
    assert claims(page.document["access_token"])["act"]["sub"] == one.service.id


def test_a_resource_is_a_resource_server_of_the_pool(one: Exchange, token: str) -> None:
    assert claims(one.post(token, resource="files").document["access_token"])["aud"] == "files"
    refused(one, "invalid_target", token, resource="https://api.example.com")
    refused(one, "invalid_target", token, audience='a "b"')
    refused(one, "invalid_request", token, resource="files", audience="billing")


@pytest.mark.parametrize(
    "missing", ["subject_token", "subject_token_type", "actor_token", "actor_token_type", "grant_type"]
)
def test_what_belongs_together_comes_together(one: Exchange, token: str, missing: str) -> None:
    actor = {"actor_token": one.own(), "actor_token_type": f"{TYPE}access_token"}
    refused(one, "invalid_request", token, **{**actor, missing: None})


def test_unknown_token_types_are_refused(one: Exchange, token: str) -> None:
    for urn in (f"{TYPE}refresh_token", f"{TYPE}jwt", f"{TYPE}saml1", "ACCESS_TOKEN"):
        refused(one, "invalid_request", token, subject_token_type=urn)
        refused(one, "invalid_request", token, requested_token_type=urn)
    refused(one, "invalid_request", token, requested_token_type=f"{TYPE}saml2")
    refused(one, "invalid_request", token, subject_token_type=f"{TYPE}saml2")


def test_a_token_that_is_not_good_makes_the_request_invalid(one: Exchange, token: str) -> None:
    """RFC 8693 2.2.2: invalid_request, for subject and actor alike."""
    refused(one, "invalid_request", "x.y.z")
    refused(one, "invalid_request", one.own())
    refused(one, "invalid_request", token, actor_token="x", actor_token_type=f"{TYPE}access_token")
    refused(one, "invalid_scope", token, scope="files/write")


def test_a_client_without_the_flow_is_unauthorized(one: Exchange, token: str) -> None:
    page = one.app.token(
        grant_type=GRANT,
        redirect_uri=None,
        subject_token=token,
        subject_token_type=f"{TYPE}access_token",
    )
    assert (page.status, page.document["error"]) == (400, "unauthorized_client")
    refused(one, "invalid_client", token, client_secret="wrong")


def test_repeated_parameters_are_refused(one: Exchange, token: str) -> None:
    """RFC 8693 lets audience and resource be repeated; Cognito's operation takes one (documented)."""
    form = [
        ("grant_type", GRANT),
        ("client_id", one.service.id),
        ("client_secret", one.service.secret),
        ("subject_token", token),
        ("subject_token_type", f"{TYPE}access_token"),
        ("audience", "a"),
        ("audience", "b"),
    ]
    page = one.app.browser().post("/oauth2/token", form)
    assert (page.status, page.document["error"]) == (400, "invalid_request")


def test_a_pool_in_the_lite_tier_exchanges_nothing(make: PoolFactory) -> None:
    one = exchange(make)
    token = one.subject()["access_token"]
    one.idp.update_user_pool(UserPoolId=one.app.pool, UserPoolTier="LITE")
    refused(one, "unauthorized_client", token)


def test_discovery_lists_the_grant(one: Exchange) -> None:
    discovered = one.app.browser().get(f"/{one.app.pool}/.well-known/openid-configuration").document
    assert GRANT in discovered["grant_types_supported"]


def test_a_derived_token_is_bound_to_the_key_of_its_service(make: PoolFactory) -> None:
    """RFC 9449 5: where the client turned DPoP on. What takes bound tokens alone gets none by the API."""
    one = exchange(make)
    service = Bound(turned_on(one.service, "dpop-required"))
    token = one.subject()["access_token"]
    refused = one.post(token)
    assert (refused.status, refused.document["error"]) == (400, "invalid_dpop_proof")
    with pytest.raises(one.idp.exceptions.NotAuthorizedException):
        one.derive(token)
    asked = {"grant_type": GRANT, "redirect_uri": None, "subject_token": token}
    page = service.token(**asked, subject_token_type=f"{TYPE}access_token")
    assert (page.status, page.document["token_type"]) == (200, "DPoP"), page.text
    derived = page.document["access_token"]
    assert claims(derived)["cnf"] == {"jkt": service.prover.thumbprint}
    # Nobody who has only the token exchanges it once more.
    again = exchanger(make, one.app.pool)
    with pytest.raises(one.idp.exceptions.NotAuthorizedException):
        one.derive(derived, ClientId=again.id, ClientSecret=again.secret)


def test_a_derived_token_is_signed_as_its_service_wants(make: PoolFactory) -> None:
    one = exchange(make)
    turned_on(one.service, "es256")
    answer = one.derive(one.subject()["access_token"])
    assert jwt.get_unverified_header(answer["IssuedToken"])["alg"] == "ES256"
    assert one.derive(answer["IssuedToken"])["Scopes"] == ["files/read"]
