"""Signatures made by botocore, verified and refused."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain.errors import CognitoError
from cenote.wire.errors import (
    ExpiredToken,
    IncompleteSignature,
    InvalidSignature,
    MissingAuthenticationToken,
    UnrecognizedClient,
)
from cenote.wire.sigv4 import Credential, SignatureVerifier, claimed_credential

from .signing import (
    BODY,
    FORMS,
    KEY,
    MISMATCH,
    Now,
    Presigner,
    header,
    refusal,
    signed,
    verify,
    with_header,
)


@FORMS
async def test_a_good_signature_names_its_signer_and_region(auth: Any, now: Now) -> None:
    assert await verify(signed(auth=auth), now) == Credential(KEY, "eu-central-1")


@FORMS
@pytest.mark.parametrize(
    "url",
    [
        "https://cenote.example/",
        "http://localhost:9400/",
        "https://cenote.example/a%20b/c/",
        "https://cenote.example/sub/path",
        "https://cenote.example/?b=2&a=1&a=0",
        "https://cenote.example/?q=a%2Bb%20c&empty=&x=%C3%BC~",
    ],
)
async def test_paths_and_queries_are_made_canonical_as_the_sdk_does(auth: Any, url: str, now: Now) -> None:
    assert await verify(signed(url, auth=auth), now)


@FORMS
async def test_a_session_token_is_tolerated(auth: Any, now: Now) -> None:
    assert await verify(signed(token="IQoJb3JpZ2luX2Vj+/=", auth=auth), now)


async def test_a_presigned_request_without_a_body_is_verified_as_botocore_makes_it(now: Now) -> None:
    assert await verify(signed(body=b"", auth=SigV4QueryAuth), now)


async def test_spaces_within_header_values_do_not_count(now: Now) -> None:
    assert await verify(signed(headers={"X-Amz-User-Agent": "  aws-sdk   js  "}), now)


async def test_a_header_sent_twice_is_joined(now: Now) -> None:
    request = signed(headers={"X-Amz-Thing": "a,b"})
    apart = [pair for pair in request.headers if pair[0] != b"x-amz-thing"]
    apart += [(b"x-amz-thing", b"a"), (b"x-amz-thing", b"b")]
    assert await verify(replace(request, headers=apart), now)


@given(body=st.binary(max_size=300))
async def test_any_body_can_be_signed(body: bytes) -> None:
    assert await verify(signed(body=body), Now())


async def test_a_date_header_serves_where_there_is_no_x_amz_date(now: Now) -> None:
    request = signed(headers={"Date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")})
    assert await verify(request, now)


# Refused


@FORMS
async def test_case_78_wrong_service(auth: Any, now: Now) -> None:
    # recorded by architect/dynalite, aws/aws-sdk-ruby#431
    request = signed(service="cognito-identity", auth=auth)
    assert (
        await refusal(request, now, InvalidSignature)
        == "Credential should be scoped to correct service: 'cognito-idp'. "
    )
    assert await verify(request, now, service="cognito-identity")


@FORMS
async def test_case_78_wrong_region(auth: Any, now: Now) -> None:
    request = signed(region="EU_CENTRAL", auth=auth)
    assert (
        await refusal(request, now, InvalidSignature)
        == "Credential should be scoped to a valid region, not 'EU_CENTRAL'. "
    )


async def test_case_78_another_region_than_the_signed_one(now: Now) -> None:
    request = signed()
    altered = header(request, "authorization").replace("/eu-central-1/", "/us-east-1/")
    assert (await refusal(with_header(request, "authorization", altered), now, InvalidSignature)).startswith(
        MISMATCH
    )


async def test_case_78_wrong_date(now: Now) -> None:
    request = signed()
    date = header(request, "x-amz-date")
    altered = header(request, "authorization").replace(f"/{date[:8]}/", "/20150830/")
    assert await refusal(with_header(request, "authorization", altered), now, InvalidSignature) == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20150830' != '{date[:8]}', from '{date}'."
    )


@FORMS
async def test_case_78_altered_body(auth: Any, now: Now) -> None:
    request = replace(signed(auth=auth), body=BODY.replace(b"Abc", b"Xyz"))
    assert (await refusal(request, now, InvalidSignature)).startswith(MISMATCH)


async def test_case_78_unsigned_payload(now: Now) -> None:
    class Unsigned(SigV4Auth):  # type: ignore[misc]
        def payload(self, _request: Any) -> str:
            return "UNSIGNED-PAYLOAD"

    for headers in ({}, {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}):
        request = signed(auth=Unsigned, headers=headers)
        assert (await refusal(request, now, InvalidSignature)).startswith(MISMATCH)


async def test_case_78_a_declared_hash_must_be_the_bodys(now: Now) -> None:
    good = hashlib.sha256(BODY).hexdigest()
    assert await verify(signed(headers={"X-Amz-Content-SHA256": good}), now)
    request = signed(headers={"X-Amz-Content-SHA256": hashlib.sha256(b"other").hexdigest()})
    assert (await refusal(request, now, InvalidSignature)).startswith(MISMATCH)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(5.1, "Signature expired: "), (-5.1, "Signature not yet current: ")],
)
async def test_case_78_skew(minutes: float, text: str, now: Now) -> None:
    # recorded: boto/botocore#3587
    request = signed()
    now.offset = timedelta(minutes=minutes)
    message = await refusal(request, now, InvalidSignature)
    assert message.startswith(text + header(request, "x-amz-date"))
    assert message.endswith("5 min.)")


@pytest.mark.parametrize("minutes", [4.9, -4.9])
async def test_within_five_minutes_a_clock_may_differ(minutes: float, now: Now) -> None:
    request = signed()
    now.offset = timedelta(minutes=minutes)
    assert await verify(request, now)


async def test_case_78_a_presigned_url_lives_as_long_as_it_says(now: Now) -> None:
    request = signed(auth=lambda *args: Presigner(*args, expires=3600))
    now.offset = timedelta(minutes=59)
    assert await verify(request, now)
    now.offset = timedelta(minutes=61)
    assert (await refusal(request, now, InvalidSignature)).endswith("60 min.)")


@pytest.mark.parametrize("expires", [0, -1, 604_801, "x", "٣"])
async def test_no_presigned_url_lives_longer_than_a_week(expires: Any, now: Now) -> None:
    request = signed(auth=lambda *args: Presigner(*args, expires=expires))
    assert "X-Amz-Expires" in await refusal(request, now, IncompleteSignature)


async def test_case_78_a_lifetime_made_longer(now: Now) -> None:
    request = signed(auth=lambda *args: Presigner(*args, expires=60))
    altered = replace(request, query=request.query.replace(b"X-Amz-Expires=60", b"X-Amz-Expires=6000"))
    assert altered != request
    assert (await refusal(altered, now, InvalidSignature)).startswith(MISMATCH)


async def test_case_78_another_operation_than_the_signed_one(now: Now) -> None:
    request = with_header(signed(), "x-amz-target", "AWSCognitoIdentityProviderService.DeleteUserPool")
    assert (await refusal(request, now, InvalidSignature)).startswith(MISMATCH)


@pytest.mark.parametrize("name", ["Host", "X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token"])
async def test_case_78_what_matters_must_be_signed(name: str, now: Now) -> None:
    request = signed(token="token")
    names = header(request, "authorization").split("SignedHeaders=")[1].split(",")[0]
    fewer = ";".join(held for held in names.split(";") if held != name.lower())
    altered = with_header(request, "authorization", header(request, "authorization").replace(names, fewer))
    message = await refusal(altered, now, InvalidSignature)
    assert name in message
    assert message.endswith("must be a 'SignedHeader' in the AWS Authorization.")


async def test_a_date_that_is_not_signed_does_not_count(now: Now) -> None:
    request = signed()
    authorization = header(request, "authorization").replace(";x-amz-date", "")
    plain = with_header(with_header(request, "x-amz-date", None), "authorization", authorization)
    dated = with_header(plain, "date", datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert "'Date' must be a 'SignedHeader'" in await refusal(dated, now, InvalidSignature)


@FORMS
async def test_an_unknown_key(auth: Any, now: Now) -> None:
    # recorded by architect/dynalite
    request = signed(key="AKIDNOBODY", auth=auth)
    assert (
        await refusal(request, now, UnrecognizedClient)
        == "The security token included in the request is invalid."
    )


@FORMS
async def test_a_wrong_secret(auth: Any, now: Now) -> None:
    # recorded: aws/aws-sdk-js#1985
    assert await refusal(signed(secret="other", auth=auth), now, InvalidSignature) == (
        f"{MISMATCH} Check your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    )


async def test_a_key_past_its_time(now: Now) -> None:
    async def expired(_: str) -> str | None:
        raise ExpiredToken

    with pytest.raises(ExpiredToken):
        await SignatureVerifier(expired, now).verify(signed(), "cognito-idp")


@pytest.mark.parametrize("authorization", [None, "", "Bearer abc", "Basic abc"])
async def test_no_signature_at_all(authorization: str | None, now: Now) -> None:
    # recorded by mhart/kinesalite; aws/aws-aspnet-cognito-identity-provider#66 has it from Cognito
    request = with_header(signed(), "authorization", authorization)
    assert await refusal(request, now, MissingAuthenticationToken) == "Missing Authentication Token"


async def test_two_signatures(now: Now) -> None:
    # recorded by mhart/kinesalite
    request = with_header(signed(auth=Presigner), "authorization", "AWS4-HMAC-SHA256 Credential=a")
    assert await refusal(request, now, InvalidSignature) == (
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )


async def test_missing_parts_are_all_named_and_the_signature_is_not_repeated(now: Now) -> None:
    # recorded by mhart/kinesalite, but for the signature, which AWS prints
    request = with_header(signed(), "authorization", "AWS4-HMAC-SHA256 Signature=topsecret")
    request = with_header(request, "x-amz-date", None)
    assert await refusal(request, now, IncompleteSignature) == (
        "Authorization header requires 'Credential' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        "Authorization=AWS4-HMAC-SHA256 Signature=…"
    )


async def test_missing_query_parameters_are_all_named(now: Now) -> None:
    # recorded by mhart/kinesalite
    request = with_header(replace(signed(), query=b"X-Amz-Algorithm=AWS4-HMAC-SHA256"), "authorization", None)
    assert await refusal(request, now, IncompleteSignature) == (
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. "
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. "
        "Re-examine the query-string parameters."
    )


@pytest.mark.parametrize(
    ("old", "new", "error", "text"),
    [
        (
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA1",
            IncompleteSignature,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'",
        ),
        (
            "/aws4_request",
            "/aws5_request",
            InvalidSignature,
            "valid terminator: 'aws4_request', not 'aws5_request'",
        ),
        ("/aws4_request", "", IncompleteSignature, "Credential must have exactly 5 slash-delimited elements"),
        ("Credential=", "Credential=a/", IncompleteSignature, "Credential must have exactly 5"),
        (
            "SignedHeaders=",
            "SignedHeaders",
            IncompleteSignature,
            "not a valid key=value pair (missing equal-sign)",
        ),
        ("Signature=", "Signature=ü", InvalidSignature, MISMATCH),
    ],
)
async def test_a_malformed_authorization(
    old: str, new: str, error: type[CognitoError], text: str, now: Now
) -> None:
    # recorded by architect/dynalite
    request = signed()
    altered = with_header(request, "authorization", header(request, "authorization").replace(old, new))
    assert text in await refusal(altered, now, error)


@pytest.mark.parametrize(
    "date", ["201", "20261399T999999Z", "2026-01-01T00:00:00Z", "\u0662\u0660260101T000000Z"]
)
async def test_a_malformed_date(date: str, now: Now) -> None:
    # recorded by architect/dynalite
    message = await refusal(with_header(signed(), "x-amz-date", date), now, IncompleteSignature)
    assert message.startswith("Date must be in ISO-8601 'basic format'. Got '")


@given(st.text(max_size=80), st.binary(max_size=80))
async def test_no_text_is_more_than_a_refusal(authorization: str, query: bytes) -> None:
    request = with_header(
        replace(signed(), query=query), "authorization", f"AWS4-HMAC-SHA256 {authorization}"
    )
    with pytest.raises(CognitoError):
        await verify(request, Now())


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_what_a_request_claims_is_read_without_harm(authorization: bytes, query: bytes) -> None:
    claimed_credential({b"authorization": b"AWS4-HMAC-SHA256 Credential=" + authorization}, b"")
    claimed_credential({}, b"X-Amz-Credential=" + query)
