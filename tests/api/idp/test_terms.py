"""Terms documents of a client. Behaviour is documented; texts are assumed."""

from typing import Any

import pytest
from tests.conftest import PoolFactory

ABSENT = "63f30090-6b1f-4278-b885-2bbb81f8e545"
LINKS = {"cognito:default": "https://example.com/terms", "cognito:german": "https://example.com/de/terms"}


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def terms(pool: str, app: str, **changes: Any) -> dict[str, Any]:
    return {
        "UserPoolId": pool,
        "ClientId": app,
        "TermsName": "terms-of-use",
        "TermsSource": "LINK",
        "Enforcement": "NONE",
        "Links": LINKS,
        **changes,
    }


def test_terms_are_shown_as_they_were_made(idp: Any, pool: str, app: str) -> None:
    made = idp.create_terms(**terms(pool, app))["Terms"]
    assert {name: made[name] for name in terms(pool, app)} == terms(pool, app)
    assert idp.describe_terms(UserPoolId=pool, TermsId=made["TermsId"])["Terms"] == made
    by_client = idp.describe_terms_by_client(UserPoolId=pool, ClientId=app, TermsName="terms-of-use")
    assert by_client["Terms"] == made


def test_an_update_changes_what_it_names(idp: Any, pool: str, app: str) -> None:
    made = idp.create_terms(**terms(pool, app))["Terms"]
    ids = {"UserPoolId": pool, "TermsId": made["TermsId"]}
    links = {"cognito:default": "https://example.com/privacy"}
    after = idp.update_terms(**ids, TermsName="privacy-policy", Links=links)["Terms"]
    assert (after["TermsName"], after["Links"]) == ("privacy-policy", links)
    assert idp.update_terms(**ids)["Terms"]["Links"] == links
    assert idp.describe_terms(**ids)["Terms"]["TermsName"] == "privacy-policy"


def test_a_client_has_one_document_of_each_name(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    idp.create_terms(**terms(pool, app))
    other = idp.create_terms(**terms(pool, app, TermsName="privacy-policy"))["Terms"]
    taken = idp.exceptions.TermsExistsException
    with pytest.raises(taken):
        idp.create_terms(**terms(pool, app))
    with pytest.raises(taken):
        idp.update_terms(UserPoolId=pool, TermsId=other["TermsId"], TermsName="terms-of-use")
    idp.create_terms(**terms(pool, make.client(pool)["ClientId"]))


def test_terms_are_listed_in_pages(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    second = make.client(pool)["ClientId"]
    made = {
        idp.create_terms(**terms(pool, client, TermsName=name))["Terms"]["TermsId"]
        for client in (app, second)
        for name in ("terms-of-use", "privacy-policy")
    }
    first = idp.list_terms(UserPoolId=pool, MaxResults=3)
    rest = idp.list_terms(UserPoolId=pool, MaxResults=3, NextToken=first["NextToken"])
    assert {entry["TermsId"] for page in (first, rest) for entry in page["Terms"]} == made
    assert "NextToken" not in rest
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.list_terms(UserPoolId=pool, NextToken="forged")


def test_deleted_terms_are_gone(idp: Any, pool: str, app: str) -> None:
    ids = {"UserPoolId": pool, "TermsId": idp.create_terms(**terms(pool, app))["Terms"]["TermsId"]}
    idp.delete_terms(**ids)
    for call in (idp.describe_terms, idp.update_terms, idp.delete_terms):
        with pytest.raises(idp.exceptions.ResourceNotFoundException):
            call(**ids)


def test_what_does_not_exist_is_not_found(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    made, other = idp.create_terms(**terms(pool, app))["Terms"]["TermsId"], make.pool()
    missing = idp.exceptions.ResourceNotFoundException
    for ids in ({"UserPoolId": pool, "TermsId": ABSENT}, {"UserPoolId": other, "TermsId": made}):
        with pytest.raises(missing):
            idp.describe_terms(**ids)
    with pytest.raises(missing):
        idp.create_terms(**terms(other, app))
    with pytest.raises(missing):
        idp.describe_terms_by_client(UserPoolId=pool, ClientId=app, TermsName="privacy-policy")
    with pytest.raises(missing):
        idp.list_terms(UserPoolId="eu-central-1_Absent000")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "http://example.com/", "terms"]
)
def test_case_4_a_link_that_does_more_than_lead_somewhere_is_refused(
    idp: Any, pool: str, app: str, url: str
) -> None:
    wrong = idp.exceptions.InvalidParameterException
    with pytest.raises(wrong):
        idp.create_terms(**terms(pool, app, Links={"cognito:default": url}))
    made = idp.create_terms(**terms(pool, app))["Terms"]["TermsId"]
    with pytest.raises(wrong):
        idp.update_terms(UserPoolId=pool, TermsId=made, Links={"cognito:default": url})


def test_the_page_gets_the_link_of_its_language_or_the_default(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    idp.create_terms(**terms(pool, app))
    server = make.server
    (found,) = server.run(server.app.store.terms.of_client(pool, app))
    assert found.link("cognito:german") == "https://example.com/de/terms"
    assert found.link("cognito:korean") == "https://example.com/terms"
