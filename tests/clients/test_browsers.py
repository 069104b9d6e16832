"""What a browser asks before and finds in an answer, for the calls that web apps make from another origin."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from tests.clients.drivers import App, Person

ORIGIN = "https://app.example.com"
# What each library adds to a request that a browser asks permission for, as its own source has it.
AMPLIFY = ("content-type", "x-amz-target", "x-amz-user-agent", "cache-control")
AWS_SDK = (
    "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "content-type", "x-amz-date",
    "x-amz-security-token", "x-amz-target", "x-amz-user-agent", "x-amz-content-sha256",
)  # fmt: skip


def asked(
    address: str, method: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers (any case) and body, of refusals as well."""
    request = urllib.request.Request(address, body, dict(headers), method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def listed(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


@pytest.mark.parametrize("headers", [AMPLIFY, AWS_SDK], ids=["amplify", "aws-sdk"])
def test_a_preflight_lets_the_librarys_headers_through(app: App, headers: tuple[str, ...]) -> None:
    status, answer, _ = asked(
        f"{app.url}/",
        "OPTIONS",
        {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ",".join(headers),
        },
    )
    assert status in {200, 204}
    assert answer["access-control-allow-origin"] in {"*", ORIGIN}
    assert "post" in listed(answer["access-control-allow-methods"])
    assert listed(answer["access-control-allow-headers"]) >= set(headers)
    assert "access-control-allow-credentials" not in answer


def test_a_preflight_lets_no_other_header_through(app: App) -> None:
    _, answer, _ = asked(
        f"{app.url}/",
        "OPTIONS",
        {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "cookie,x-forwarded-for",
        },
    )
    assert not listed(answer["access-control-allow-headers"]) & {"*", "cookie", "x-forwarded-for"}


def test_a_page_of_another_origin_reads_the_error_and_the_request_id(app: App, person: Person) -> None:
    body: dict[str, Any] = {
        "ClientId": app.client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": person.username, "PASSWORD": person.password},
    }
    status, answer, text = asked(
        f"{app.url}/",
        "POST",
        {
            "Origin": ORIGIN,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        },
        json.dumps(body).encode(),
    )
    assert status == 400
    assert json.loads(text)["__type"] == "UserNotFoundException"
    assert answer["access-control-allow-origin"] in {"*", ORIGIN}
    exposed = listed(answer["access-control-expose-headers"])
    assert exposed >= {"x-amzn-requestid", "x-amzn-errortype", "x-amzn-errormessage", "date"}
    assert answer["x-amzn-errortype"].startswith("UserNotFoundException")
    assert answer["x-amzn-requestid"]


@pytest.mark.parametrize("document", ["jwks.json", "openid-configuration"])
def test_a_page_of_another_origin_reads_what_verifiers_need(app: App, document: str) -> None:
    address = f"{app.url}/{app.pool_id}/.well-known/{document}"
    status, answer, text = asked(address, "GET", {"Origin": ORIGIN})
    assert status == 200
    assert answer["access-control-allow-origin"] == "*"
    assert answer["content-type"].startswith("application/json")
    assert json.loads(text)


def test_an_unknown_pool_has_no_keys(app: App) -> None:
    status, answer, _ = asked(
        f"{app.url}/{app.region}_Nowhere12/.well-known/jwks.json", "GET", {"Origin": ORIGIN}
    )
    assert status == 404
    assert answer["access-control-allow-origin"] == "*"
