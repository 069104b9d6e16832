"""A user's devices: confirming, listing, remembering and forgetting them, by the user and by an administrator.

Shapes and attributes are documented at each operation; texts are recorded unless a test says otherwise.
"""

import base64
from typing import Any

import pytest
from tests.calls import at_once, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory
from tests.devices import OPT_IN, TRACKED, Phone, verifier_config

# The library asks the time in a way that newer Pythons deprecate.

NO_DEVICE = ("ResourceNotFound", "Device does not exist.")
NO_KEY = ("InvalidParameter", "Invalid device key given.")
NO_SECRET = ("InvalidParameter", "Invalid device secret verifier given.")  # assumed
NO_TOKEN = ("NotAuthorized", "Invalid Access Token")
UNKNOWN = "eu-central-1_00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(**TRACKED)


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture(scope="module")
def opt_in(make: PoolFactory) -> str:
    return make.pool(**OPT_IN)


class Tokens(dict[str, Any]):
    """What a sign-in gave, and the key of the device that came with it."""

    @property
    def access(self) -> str:
        return str(self["AccessToken"])

    @property
    def key(self) -> str:
        return str(self["NewDeviceMetadata"]["DeviceKey"])

    def confirmed(self, idp: Any, **more: Any) -> "Tokens":
        request = {"AccessToken": self.access, "DeviceKey": self.key, **more}
        idp.confirm_device(DeviceSecretVerifierConfig=verifier_config(), **request)
        return self


@pytest.fixture
def name(make: PoolFactory, pool: str, request: pytest.FixtureRequest) -> str:
    """A user of the test's own."""
    name = f"u{abs(hash(request.node.nodeid)):x}"
    make.user(pool, name)
    return name


@pytest.fixture
def tokens(idp: Any, app: str, name: str) -> Tokens:
    return Tokens(sign_in(idp, app, name))


@pytest.fixture
def stranger(make: PoolFactory, idp: Any, pool: str, app: str, name: str) -> Tokens:
    """Another user's sign-in."""
    make.user(pool, f"other-{name}")
    return Tokens(sign_in(idp, app, f"other-{name}"))


def shown(device: dict[str, Any]) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in device["DeviceAttributes"]}


# ConfirmDevice


def test_a_confirmed_device_is_remembered_at_once(idp: Any, tokens: Tokens) -> None:
    answer = idp.confirm_device(
        AccessToken=tokens.access,
        DeviceKey=tokens.key,
        DeviceName="Ada's phone",
        DeviceSecretVerifierConfig=verifier_config(),
    )
    assert answer["UserConfirmationNecessary"] is False
    device = idp.get_device(AccessToken=tokens.access, DeviceKey=tokens.key)["Device"]
    assert shown(device)["dev:device_remembered_status"] == "remembered"


def test_where_the_user_is_asked_it_is_not(make: PoolFactory, idp: Any, opt_in: str) -> None:
    app = str(make.client(opt_in)["ClientId"])
    make.user(opt_in, "asked")
    tokens = Tokens(sign_in(idp, app, "asked"))
    request = {"AccessToken": tokens.access, "DeviceKey": tokens.key}
    answer = idp.confirm_device(**request, DeviceSecretVerifierConfig=verifier_config())
    assert answer["UserConfirmationNecessary"] is True
    # recorded (AWSMobileClientTest of aws-sdk-android): users see remembered devices, administrators all
    assert refusal(idp.get_device, **request) == NO_DEVICE
    assert idp.list_devices(AccessToken=tokens.access)["Devices"] == []
    named = {"UserPoolId": opt_in, "Username": "asked"}
    device = idp.admin_get_device(**named, DeviceKey=tokens.key)["Device"]
    assert shown(device)["dev:device_remembered_status"] == "not_remembered"
    assert idp.admin_list_devices(**named)["Devices"] == [device]
    idp.update_device_status(**request, DeviceRememberedStatus="remembered")
    assert idp.get_device(**request)["Device"]["DeviceKey"] == tokens.key
    assert len(idp.list_devices(AccessToken=tokens.access)["Devices"]) == 1


def test_a_device_is_confirmed_once(idp: Any, tokens: Tokens) -> None:
    tokens.confirmed(idp)
    assert refusal(tokens.confirmed, idp) == ("DeviceKeyExists", "Device already exists.")  # assumed text


def test_of_many_that_confirm_one_device_at_once_one_does(idp: Any, tokens: Tokens) -> None:
    results = at_once(lambda _: outcome(tokens.confirmed, idp), 50)
    assert sorted(results) == sorted(["Device already exists."] * 49 + ["ok"])


def test_only_the_key_that_came_with_the_sign_in_is_confirmed(
    idp: Any, tokens: Tokens, stranger: Tokens
) -> None:
    for key in (UNKNOWN, stranger.key):
        request = {"AccessToken": tokens.access, "DeviceKey": key}
        refused = refusal(idp.confirm_device, **request, DeviceSecretVerifierConfig=verifier_config())
        assert refused == NO_KEY


def test_a_pool_that_tracks_no_devices_confirms_none(make: PoolFactory, idp: Any) -> None:
    pool = make.pool()
    app = str(make.client(pool)["ClientId"])
    make.user(pool, "ada")
    token = sign_in(idp, app, "ada")["AccessToken"]
    request = {"AccessToken": token, "DeviceKey": UNKNOWN}
    assert refusal(idp.confirm_device, **request, DeviceSecretVerifierConfig=verifier_config()) == NO_KEY
    # nor once it tracks none any more
    idp.update_user_pool(UserPoolId=pool, **TRACKED)
    tokens = Tokens(sign_in(idp, app, "ada"))
    idp.update_user_pool(UserPoolId=pool)
    assert refusal(tokens.confirmed, idp) == NO_KEY


def base64_of(number: int) -> str:
    return base64.b64encode(number.to_bytes(384, "big")).decode()


N = (1 << 3072) - 1  # more than the group's order


@pytest.mark.parametrize(
    "change",
    [
        {"PasswordVerifier": ""},
        {"PasswordVerifier": "%%%"},
        {"PasswordVerifier": base64_of(0)},
        {"PasswordVerifier": base64_of(N)},
        {"PasswordVerifier": "AAAA" * 10_000},
        {"Salt": ""},
        {"Salt": "ü"},
        {"Salt": base64_of(1)},
    ],
)
def test_a_secret_that_is_none_is_refused(idp: Any, tokens: Tokens, change: dict[str, str]) -> None:
    request = {"AccessToken": tokens.access, "DeviceKey": tokens.key}
    config = {**verifier_config(), **change}
    assert refusal(idp.confirm_device, **request, DeviceSecretVerifierConfig=config) == NO_SECRET
    assert refusal(idp.confirm_device, **request) == NO_SECRET
    # and nothing was confirmed by it
    tokens.confirmed(idp)


def test_a_secret_may_come_unpadded_as_in_awss_own_example(idp: Any, tokens: Tokens) -> None:
    config = {"PasswordVerifier": "TXlWZXJpZmllclN0cmluZw", "Salt": "TXlTUlBTYWx0"}
    idp.confirm_device(AccessToken=tokens.access, DeviceKey=tokens.key, DeviceSecretVerifierConfig=config)
    assert len(idp.list_devices(AccessToken=tokens.access)["Devices"]) == 1


def test_a_forgotten_device_is_not_brought_back_by_a_token_it_still_has(idp: Any, tokens: Tokens) -> None:
    """Cenote's own: who forgets a stolen device must be rid of it."""
    tokens.confirmed(idp)
    idp.forget_device(AccessToken=tokens.access, DeviceKey=tokens.key)
    assert refusal(tokens.confirmed, idp) == NO_KEY


# What is shown


def test_a_device_shows_what_aws_shows(own: PoolFactory) -> None:
    server = own.server
    server.clock.freeze(1_790_000_000_500)
    pool = own.pool(**TRACKED)
    own.user(pool, "ada")
    idp = server.idp
    app = str(own.client(pool)["ClientId"])
    phone = Phone(idp, pool, app)
    tokens = sign_in(idp, app, "ada")
    server.clock.advance(seconds=2)
    phone.confirm(tokens)
    server.clock.advance(seconds=2)
    named = {"UserPoolId": pool, "Username": "ada", "DeviceKey": phone.key}
    idp.admin_update_device_status(**named, DeviceRememberedStatus="remembered")
    device = idp.admin_get_device(**named)["Device"]
    arn = f"arn:aws:cognito-idp:eu-central-1:000000000000:owner/ada.{pool}/device/{phone.key}"
    assert shown(device) == {
        "device_status": "valid",
        "device_name": "Ada's phone",
        "dev:device_arn": arn,
        "dev:device_owner": f"ada.{pool}",
        "last_ip_used": "127.0.0.1",
        "dev:device_remembered_status": "remembered",
        "dev:device_sdk": "aws-sdk-unknown-unknown",
    }
    dates = ("DeviceCreateDate", "DeviceLastModifiedDate", "DeviceLastAuthenticatedDate")
    assert [device[date].timestamp() for date in dates] == [1_790_000_002.5, 1_790_000_004.5, 1_790_000_000.5]
    assert idp.get_device(AccessToken=tokens["AccessToken"], DeviceKey=phone.key)["Device"] == device


def test_a_sign_in_with_the_device_is_shown(own: PoolFactory) -> None:
    server = own.server
    pool = own.pool(**TRACKED)
    own.user(pool, "ada")
    phone = Phone(server.idp, pool, str(own.client(pool)["ClientId"]))
    phone.confirm(phone.prove_password()["AuthenticationResult"])
    named = {"UserPoolId": pool, "Username": "ada", "DeviceKey": phone.key}
    before = server.idp.admin_get_device(**named)["Device"]
    phone.sign_in()
    after = server.idp.admin_get_device(**named)["Device"]
    assert after["DeviceLastAuthenticatedDate"] > before["DeviceLastAuthenticatedDate"]
    assert after["DeviceLastModifiedDate"] == before["DeviceLastModifiedDate"]


def test_a_device_without_a_name_shows_none(idp: Any, tokens: Tokens) -> None:
    tokens.confirmed(idp)
    device = idp.get_device(AccessToken=tokens.access, DeviceKey=tokens.key)["Device"]
    assert "device_name" not in shown(device)


# Lists


def test_devices_are_listed_in_pages(idp: Any, pool: str, app: str, name: str) -> None:
    signed_in = [Tokens(sign_in(idp, app, name)).confirmed(idp) for _ in range(3)]
    token, named = signed_in[0].access, {"UserPoolId": pool, "Username": name}
    for call, request in ((idp.list_devices, {"AccessToken": token}), (idp.admin_list_devices, named)):
        first = call(**request, Limit=2)
        rest = call(**request, Limit=2, PaginationToken=first["PaginationToken"])
        assert "PaginationToken" not in rest
        keys = [device["DeviceKey"] for device in first["Devices"] + rest["Devices"]]
        assert sorted(keys) == sorted(tokens.key for tokens in signed_in)
        assert len(call(**request)["Devices"]) == len(call(**request, Limit=0)["Devices"]) == 3


def test_case_76_a_forged_or_borrowed_page_token_is_refused(
    idp: Any, pool: str, app: str, name: str, stranger: Tokens
) -> None:
    Tokens(sign_in(idp, app, name)).confirmed(idp)
    tokens = Tokens(sign_in(idp, app, name)).confirmed(idp)
    page = idp.list_devices(AccessToken=tokens.access, Limit=1)["PaginationToken"]
    invalid = ("InvalidParameter", "Invalid pagination token.")
    assert refusal(idp.list_devices, AccessToken=stranger.access, PaginationToken=page) == invalid
    assert refusal(idp.list_devices, AccessToken=tokens.access, PaginationToken=page[:-1]) == invalid
    named = {"UserPoolId": pool, "Username": name}
    assert refusal(idp.admin_list_devices, **named, PaginationToken=page) == invalid


# Forgetting


@pytest.mark.parametrize("who", ["user", "administrator"])
def test_a_forgotten_device_is_gone_and_refreshes_no_more(
    idp: Any, pool: str, app: str, name: str, tokens: Tokens, who: str
) -> None:
    tokens.confirmed(idp)
    other = Tokens(sign_in(idp, app, name)).confirmed(idp)
    if who == "user":
        idp.forget_device(AccessToken=other.access, DeviceKey=tokens.key)
    else:
        idp.admin_forget_device(UserPoolId=pool, Username=name, DeviceKey=tokens.key)
    listed = idp.admin_list_devices(UserPoolId=pool, Username=name)["Devices"]
    assert [device["DeviceKey"] for device in listed] == [other.key]
    refused = refusal(refresh, idp, app, tokens["RefreshToken"], DEVICE_KEY=tokens.key)
    assert refused == ("NotAuthorized", "Refresh Token has expired")  # assumed text
    assert refresh(idp, app, other["RefreshToken"], DEVICE_KEY=other.key)
    # documented: only refreshing fails; what is signed in stays so until its access token ends
    assert idp.get_user(AccessToken=tokens.access)["Username"] == name


def test_what_was_forgotten_stays_so_when_the_pool_stops_tracking(make: PoolFactory, idp: Any) -> None:
    """Cenote's own: a stolen device does not come back by a change of settings."""
    pool = make.pool(**TRACKED)
    app = str(make.client(pool)["ClientId"])
    make.user(pool, "ada")
    tokens = Tokens(sign_in(idp, app, "ada")).confirmed(idp)
    idp.admin_forget_device(UserPoolId=pool, Username="ada", DeviceKey=tokens.key)
    idp.update_user_pool(UserPoolId=pool)
    assert refusal(refresh, idp, app, tokens["RefreshToken"]) == (
        "NotAuthorized",
        "Refresh Token has expired",
    )


def test_a_deleted_users_devices_are_gone_with_them(
    make: PoolFactory, idp: Any, pool: str, name: str, tokens: Tokens
) -> None:
    tokens.confirmed(idp)
    idp.admin_delete_user(UserPoolId=pool, Username=name)
    make.user(pool, name)
    assert idp.admin_list_devices(UserPoolId=pool, Username=name)["Devices"] == []


# What is refused


OF_A_USER = ("get_device", "forget_device", "update_device_status")
OF_AN_ADMINISTRATOR = ("admin_get_device", "admin_forget_device", "admin_update_device_status")
STATUS = {"DeviceRememberedStatus": "remembered"}


def more(operation: str) -> dict[str, str]:
    return STATUS if operation.endswith("status") else {}


@pytest.mark.parametrize("operation", OF_A_USER)
def test_an_unknown_device_is_none_of_the_users(
    idp: Any, tokens: Tokens, stranger: Tokens, operation: str
) -> None:
    stranger.confirmed(idp)
    call = getattr(idp, operation)
    for key in (UNKNOWN, tokens.key, stranger.key):
        refused = refusal(call, AccessToken=tokens.access, DeviceKey=key, **more(operation))
        assert refused == NO_DEVICE
    # Nothing happened to the other user's (case 77).
    assert idp.get_device(AccessToken=stranger.access, DeviceKey=stranger.key)


@pytest.mark.parametrize("operation", OF_AN_ADMINISTRATOR)
def test_case_77_a_device_is_of_its_user_and_pool(
    make: PoolFactory, idp: Any, pool: str, name: str, tokens: Tokens, stranger: Tokens, operation: str
) -> None:
    tokens.confirmed(idp)
    stranger.confirmed(idp)
    other = make.pool(**TRACKED)
    make.user(other, name)
    call = getattr(idp, operation)
    for pool_id, key in ((pool, UNKNOWN), (pool, stranger.key), (other, tokens.key)):
        refused = refusal(call, UserPoolId=pool_id, Username=name, DeviceKey=key, **more(operation))
        assert refused == NO_DEVICE
    named = {"UserPoolId": pool, "Username": name}
    assert idp.admin_get_device(**named, DeviceKey=tokens.key)


@pytest.mark.parametrize("operation", [*OF_AN_ADMINISTRATOR, "admin_list_devices"])
def test_an_administrator_names_a_pool_and_a_user_that_exist(idp: Any, pool: str, operation: str) -> None:
    call = getattr(idp, operation)
    keyed = {} if operation.endswith("devices") else {"DeviceKey": UNKNOWN, **more(operation)}
    nowhere = "eu-central-1_Nowhere00"
    refused = refusal(call, UserPoolId=nowhere, Username="ada", **keyed)
    assert refused == ("ResourceNotFound", f"User pool {nowhere} does not exist.")
    code, text = refusal(call, UserPoolId=pool, Username="nobody", **keyed)
    # The models of the two that read know no UserNotFoundException.
    reads = operation in {"admin_get_device", "admin_list_devices"}
    assert (code, text) == ("ResourceNotFound" if reads else "UserNotFound", "User does not exist.")


@pytest.mark.parametrize("operation", ["confirm_device", "list_devices", *OF_A_USER])
def test_a_token_that_is_none_is_refused(idp: Any, tokens: Tokens, operation: str) -> None:
    keyed = {} if operation == "list_devices" else {"DeviceKey": UNKNOWN, **more(operation)}
    if operation == "confirm_device":
        keyed["DeviceSecretVerifierConfig"] = verifier_config()  # type: ignore[assignment]
    call = getattr(idp, operation)
    assert refusal(call, AccessToken="x", **keyed) == NO_TOKEN
    assert refusal(call, AccessToken=tokens["IdToken"], **keyed) == NO_TOKEN


@pytest.mark.parametrize("operation", ["confirm_device", "list_devices", *OF_A_USER])
def test_case_26_a_signed_out_token_is_refused(
    idp: Any, pool: str, name: str, tokens: Tokens, operation: str
) -> None:
    tokens.confirmed(idp)
    idp.admin_user_global_sign_out(UserPoolId=pool, Username=name)
    keyed = {} if operation == "list_devices" else {"DeviceKey": tokens.key, **more(operation)}
    if operation == "confirm_device":
        keyed["DeviceSecretVerifierConfig"] = verifier_config()  # type: ignore[assignment]
    refused = refusal(getattr(idp, operation), AccessToken=tokens.access, **keyed)
    assert refused == ("NotAuthorized", "Access Token has been revoked")


@pytest.mark.parametrize("operation", ["list_devices", *OF_A_USER])
def test_a_deleted_users_token_finds_nobody(
    idp: Any, pool: str, name: str, tokens: Tokens, operation: str
) -> None:
    idp.admin_delete_user(UserPoolId=pool, Username=name)
    keyed = {} if operation == "list_devices" else {"DeviceKey": tokens.key, **more(operation)}
    refused = refusal(getattr(idp, operation), AccessToken=tokens.access, **keyed)
    assert refused == ("UserNotFound", "User does not exist.")


@pytest.mark.parametrize("operation", ["get_device", "forget_device"])
def test_the_token_that_the_model_lets_be_left_out_is_needed(idp: Any, operation: str) -> None:
    """assumed"""
    refused = refusal(getattr(idp, operation), DeviceKey=UNKNOWN)
    assert refused == ("InvalidParameter", "Missing required parameter AccessToken")


@pytest.mark.parametrize("operation", ["update_device_status", "admin_update_device_status"])
def test_a_status_is_needed(idp: Any, pool: str, name: str, tokens: Tokens, operation: str) -> None:
    """assumed: the model lets it be left out, and then there is nothing to do."""
    tokens.confirmed(idp)
    whose = {"UserPoolId": pool, "Username": name} if "admin" in operation else {"AccessToken": tokens.access}
    refused = refusal(getattr(idp, operation), **whose, DeviceKey=tokens.key)
    assert refused == ("InvalidParameter", "Missing required parameter DeviceRememberedStatus")


def test_a_key_that_cannot_be_one_is_refused_by_the_model(idp: Any, tokens: Tokens) -> None:
    code, text = refusal(idp.get_device, AccessToken=tokens.access, DeviceKey="no key")
    assert code == "InvalidParameter"
    assert "'deviceKey' failed to satisfy constraint" in text


@pytest.mark.parametrize("length", [55, 56, 5000])
def test_a_sign_in_may_name_any_nonsense_as_its_device(idp: Any, app: str, name: str, length: int) -> None:
    assert refusal(sign_in, idp, app, name, DEVICE_KEY="x" * length) == NO_DEVICE
    named = {"USERNAME": name, "SRP_A": "aa" * 384, "DEVICE_KEY": "x" * length}
    answer = idp.initiate_auth(ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=named)
    assert answer["ChallengeName"] == "PASSWORD_VERIFIER"
