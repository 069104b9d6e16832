"""Requests that are wrong: AWS's error for each, nothing written, no detail (all operations, made from the model)."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.idp.test_srp import Client
from tests.calls import PASSWORD, attempt, outcome, sign_in
from tests.conftest import PoolFactory, RunningServer
from tests.rows import changes, rows
from tests.security.raw import JSON, PREFIX, Answer, ask, call
from tests.security.requests import BUILT, MODEL, members, minimal

from cenote.server import jobs

SERIALIZATION = {"Serialization"}
UNKNOWN = {"UnknownOperation"}
# What tells of our inside: no answer may.
INSIDE = (
    "Traceback",
    "cenote",
    "sqlite",
    "SELECT",
    "msgspec",
    'File "',
    ".py",
    "KeyError",
    "TypeError",
    "0x7",
)


class Scene:
    def __init__(self, make: PoolFactory) -> None:
        self.server, self.url = make.server, make.server.url
        self.pool = make.pool(AutoVerifiedAttributes=["email"])
        self.app = str(make.client(self.pool)["ClientId"])
        make.user(self.pool, "ada", email="ada@bad.example", email_verified="true")
        self.tokens = sign_in(make.server.idp, self.app, "ada")

    @property
    def names(self) -> dict[str, Any]:
        return {
            "UserPoolId": self.pool,
            "ClientId": self.app,
            "Username": "ada",
            "AccessToken": self.tokens["AccessToken"],
        }


@pytest.fixture(scope="module")
def scene(make: PoolFactory) -> Scene:
    return Scene(make)


@pytest.fixture(scope="module")
def spare(make: PoolFactory) -> Scene:
    """One for tests that may change it."""
    return Scene(make)


def proper(answer: Answer, *, echo: str = "") -> bool:
    """An error as AWS sends one, that tells nothing of the inside but what the caller sent."""
    text = answer.body.decode().replace(echo, "") if echo else answer.body.decode()
    return (
        answer.status == 400
        and answer.headers["content-type"] == JSON
        and answer.headers["x-amzn-errortype"].rstrip(":") == answer.document["__type"]
        and "x-amzn-requestid" in answer.headers
        and not any(word in text for word in INSIDE)
    )


# Bodies

BODIES = [
    b"", b" ", b"{", b"}", b"[]", b"null", b"true", b"1", b'"x"', b"{}{}", b"{,}", b'{"a":}', b"{'a':1}", b'{"a":1,}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":01}', b'{"a":"\x00"}', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"a":"\\x"}',
    b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"<xml/>", b"a=b", b"\x1f\x8b\x08\x00", b"{" * 1000,
    b'{"a":"' + b"x" * 1000,
    b"// x\n{}", b"/* x */{}", b'{"a":1}x', b"\x00", b"{}\x00",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_a_body_that_is_no_json_object_is_refused(scene: Scene, body: bytes) -> None:
    for operation in ("GetUser", "SignUp", "CreateUserPool"):
        answer = call(scene.url, operation, body)
        assert proper(answer), answer
        assert answer.error[0] in {"Serialization", "InvalidParameter"}


def test_a_content_encoding_is_not_undone(scene: Scene) -> None:
    bomb = gzip.compress(b'{"AccessToken":"' + b"A" * 50_000_000 + b'"}')
    answer = call(scene.url, "GetUser", bomb, content_encoding="gzip")
    assert answer.error[0] == "Serialization"


@pytest.mark.parametrize(
    "target",
    ["", "GetUser", f"{PREFIX}.", f"{PREFIX}.getuser", f"{PREFIX}.Nothing", "X.GetUser",
     f"{PREFIX}.GetUser.GetUser", f"{PREFIX}/GetUser", f"{PREFIX}.__init__", "AWSCognitoIdentityService.GetUser",
     f"{PREFIX}.GetUser\xe9", f"{PREFIX}." + "A" * 30_000],
)  # fmt: skip
def test_an_unknown_target_is_no_operation(scene: Scene, target: str) -> None:
    answer = ask(scene.url, "POST", "/", b"{}", content_type=JSON, x_amz_target=target)
    assert answer.status == 400
    assert answer.error[0] in UNKNOWN


@pytest.mark.parametrize(
    "kind", ["", "application/json", "text/plain", "application/x-amz-json-1.0", "multipart/form-data"]
)
def test_another_content_type_is_no_call(scene: Scene, kind: str) -> None:
    body = json.dumps({"AccessToken": scene.tokens["AccessToken"]}).encode()
    target = f"{PREFIX}.GetUser"
    assert ask(scene.url, "POST", "/", body, content_type=kind, x_amz_target=target).error[0] in UNKNOWN


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X"])
def test_another_method_does_nothing(scene: Scene, method: str) -> None:
    before = rows(scene.server)
    body = json.dumps(minimal("DeleteUser", **scene.names)).encode()
    answer = ask(scene.url, method, "/", body, content_type=JSON, x_amz_target=f"{PREFIX}.DeleteUser")
    assert answer.status == (501 if method == "X" else 404)
    assert changes(scene.server, before) == []


# Members

# A number where a word stands is AWS's to convert; these are wrong for any member of the type.
SHAPES_OF_WRONG: dict[str, list[Any]] = {
    "string": [[], {}, [1], {"x": 1}],
    "list": [{}, "x", 1, True],
    "map": [[], "x", 1],
    "structure": [[], "x"],
    "integer": [[], {}, "x"],
    "long": [[], "x"],
    "boolean": [[], "perhaps"],
    "timestamp": [[], "soon"],
    "blob": [[], "%"],
}
HOSTILE = [
    "\x00", "\u202e", "é" * 99, "'; DROP TABLE users; --", "../../etc/passwd", "${7*7}", "%s%n", "\r\nX: y", "🙂",
    "-1", "eu-central-1_" + "A" * 9, "null", "A" * 131_072,
]  # fmt: skip


@pytest.mark.parametrize("operation", sorted(BUILT))
def test_a_member_of_the_wrong_type_is_refused_and_nothing_is_written(scene: Scene, operation: str) -> None:
    shape = MODEL.shapes[MODEL.operations[operation].input]
    before = rows(scene.server)
    for name, target in shape.members.items():
        for wrong in SHAPES_OF_WRONG.get(MODEL.shapes[target].type, []):
            answer = call(scene.url, operation, {**minimal(operation, **scene.names), name: wrong})
            assert proper(answer), (name, wrong, answer)
            assert answer.error[0] in SERIALIZATION, (name, wrong, answer)
    assert changes(scene.server, before) == []


@pytest.mark.parametrize("operation", sorted(BUILT))
def test_a_required_member_that_is_missing_is_named(scene: Scene, operation: str) -> None:
    shape = MODEL.shapes[MODEL.operations[operation].input]
    before = rows(scene.server)
    for name in shape.required:
        for request in ({}, {name: None}):
            full = minimal(operation, **scene.names)
            full.pop(name)
            answer = call(scene.url, operation, {**full, **request})
            assert proper(answer)
            assert answer.error[0] in {"InvalidParameter", "Validation"}
            assert f"at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint" in answer.error[1]
    assert changes(scene.server, before) == []


@pytest.mark.parametrize("operation", sorted(BUILT))
def test_whatever_stands_in_a_member_the_answer_is_an_errors_or_a_good_one(
    spare: Scene, operation: str
) -> None:
    shape = MODEL.shapes[MODEL.operations[operation].input]
    for name, target in shape.members.items():
        if MODEL.shapes[target].type != "string" or MODEL.shapes[target].enum:
            continue
        for value in HOSTILE:
            answer = call(spare.url, operation, {**minimal(operation, **spare.names), name: value})
            assert answer.status == 200 or proper(answer, echo=value), (name, value[:20], answer)


def test_unknown_members_are_left_out_wherever_they_stand(make: PoolFactory, server: RunningServer) -> None:
    pool = make.pool()
    request = {
        "UserPoolId": pool,
        "ClientName": "c",
        "Secret": "x",
        "PoolId": "y",
        "__class__": {"a": 1},
        "": [],
    }
    nested = {"RefreshTokenRotation": {"Feature": "DISABLED", "Unknown": [[[]]]}}
    answer = call(server.url, "CreateUserPoolClient", {**request, **nested})
    assert answer.status == 200
    assert set(answer.document["UserPoolClient"]) & {"Secret", "PoolId", "__class__", ""} == set()
    assert "Unknown" not in answer.body.decode()


def test_a_member_given_twice_is_taken_once(scene: Scene) -> None:
    body = b'{"UserPoolId":"%s","UserPoolId":"eu-central-1_Absent000"}' % scene.pool.encode()
    answer = call(scene.url, "DescribeUserPool", body)
    assert answer.error[0] in {"", "ResourceNotFound"}
    if answer.status == 200:
        assert answer.document["UserPool"]["Id"] == scene.pool


# Sessions and tokens that were tampered with


def flipped(text: str) -> list[str]:
    """Every way of changing one character in places all over the text, and of cutting and adding."""
    places = range(0, len(text), max(len(text) // 24, 1))
    changed = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in places]
    return [
        *changed,
        text[:-1],
        text[1:],
        text + "A",
        text + "=",
        text[: len(text) // 2],
        text[::-1],
        text.swapcase(),
    ]


def test_a_session_with_anything_changed_is_no_session(make: PoolFactory) -> None:
    scene = Scene(make)
    idp = scene.server.idp
    make.user(scene.pool, "new")
    temporary = {"Username": "new", "Password": "Temporary-1", "Permanent": False}
    idp.admin_set_user_password(UserPoolId=scene.pool, **temporary)
    session = attempt(idp, scene.app, "new", "Temporary-1")["Session"]
    responses = {"USERNAME": "new", "NEW_PASSWORD": PASSWORD}
    request = {
        "ClientId": scene.app,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "ChallengeResponses": responses,
    }
    before = rows(scene.server)
    for bent in (*flipped(session), "A" * 20, "A" * 4096, session + "\n"):
        answer = call(scene.url, "RespondToAuthChallenge", {**request, "Session": bent})
        assert proper(answer)
        wanted = {("NotAuthorized", "Invalid session for the user."), ("InvalidParameter", answer.error[1])}
        assert answer.error in wanted
    assert changes(scene.server, before) == []
    assert call(scene.url, "RespondToAuthChallenge", {**request, "Session": session}).status == 200


def test_case_44_a_used_session_stays_used_for_a_node_whose_clock_is_behind(own: PoolFactory) -> None:
    """What was used is swept away once it is over; by then it must be over for every node."""
    own.server.clock.freeze()
    scene = Scene(own)
    client = Client("ada", PASSWORD, scene.pool, scene.app, client=own.server.idp)
    client.ask()
    proof = client.proof()
    assert outcome(client.answer, proof) == "ok"
    own.server.clock.advance(minutes=3)
    own.server.run(jobs.swept(own.server.app))
    own.server.clock.advance(seconds=-30)
    assert outcome(client.answer, proof) == "Invalid session for the user."


def test_a_refresh_token_with_anything_changed_is_no_token(scene: Scene) -> None:
    token = scene.tokens["RefreshToken"]
    before = rows(scene.server)
    for bent in flipped(token):
        flow = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": bent}}
        requests: dict[str, dict[str, Any]] = {
            "GetTokensFromRefreshToken": {"RefreshToken": bent},
            "InitiateAuth": flow,
        }
        for operation, request in requests.items():
            answer = call(scene.url, operation, {"ClientId": scene.app, **request})
            wanted = {("NotAuthorized", "Invalid Refresh Token"), ("InvalidParameter", answer.error[1])}
            assert answer.error in wanted
    assert changes(scene.server, before) == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_json_gets_an_answer_of_aws(scene: Scene, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(sorted(BUILT - {"CreateUserPool", "DeleteUserPool", "DeleteUser"})))
    known = data.draw(
        st.dictionaries(st.sampled_from(sorted(members(operation)) or ["x"]), JSON_VALUES, max_size=4)
    )
    start = data.draw(st.sampled_from([{}, minimal(operation)]))
    answer = call(scene.url, operation, json.dumps({**start, **known}))
    assert answer.status in {200, 400}
