"""Managed login branding over the wire. What stays and what is shown is recorded or documented; texts are assumed."""

from typing import Any

import pytest
from tests.conftest import PoolFactory
from tests.pictures import ACTIVE, DRAWING, PNG, png

from cenote.domain.branding_defaults import SETTINGS

ABSENT = "63f30090-6b1f-4278-b885-2bbb81f8e545"
DARK = {"categories": {"global": {"colorSchemeMode": "DARK"}}}
ROUND = {"components": {"form": {"borderRadius": 20.0}}}
LOGO = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PNG}
FAVICON = {"Category": "FAVICON_SVG", "ColorMode": "DYNAMIC", "Extension": "SVG", "Bytes": DRAWING}


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def style(idp: Any, pool: str, app: str, **request: Any) -> dict[str, Any]:
    made = idp.create_managed_login_branding(UserPoolId=pool, ClientId=app, **request)
    return dict(made["ManagedLoginBranding"])


def shown(idp: Any, pool: str, app: str, **request: Any) -> dict[str, Any]:
    found = idp.describe_managed_login_branding_by_client(UserPoolId=pool, ClientId=app, **request)
    return dict(found["ManagedLoginBranding"])


def test_a_style_that_says_nothing_has_cognitos_values(idp: Any, pool: str, app: str) -> None:
    """Recorded: Settings are left out where none were given, Assets are always there."""
    made = style(idp, pool, app)
    assert made["UseCognitoProvidedValues"] is True
    assert "Settings" not in made
    assert made["Assets"] == []
    assert shown(idp, pool, app) == made


def test_settings_and_images_are_shown_as_they_were_given(idp: Any, pool: str, app: str) -> None:
    made = style(idp, pool, app, Settings=DARK, Assets=[LOGO, FAVICON])
    assert made["UseCognitoProvidedValues"] is False
    assert made["Settings"] == DARK
    assert sorted(made["Assets"], key=lambda one: one["Category"]) == [FAVICON, LOGO]
    by_id = idp.describe_managed_login_branding(
        UserPoolId=pool, ManagedLoginBrandingId=made["ManagedLoginBrandingId"]
    )
    assert by_id["ManagedLoginBranding"] == made == shown(idp, pool, app)


def test_merged_settings_have_the_defaults_in_them(idp: Any, pool: str, app: str) -> None:
    made = style(idp, pool, app, Settings=DARK)
    merged = shown(idp, pool, app, ReturnMergedResources=True)["Settings"]
    assert merged["categories"]["global"]["colorSchemeMode"] == "DARK"
    assert merged["components"] == SETTINGS["components"]
    by_id = idp.describe_managed_login_branding(
        UserPoolId=pool, ManagedLoginBrandingId=made["ManagedLoginBrandingId"], ReturnMergedResources=True
    )
    assert by_id["ManagedLoginBranding"]["Settings"] == merged


def test_an_update_keeps_what_it_does_not_speak_of(idp: Any, pool: str, app: str) -> None:
    made = style(idp, pool, app, Settings=DARK, Assets=[LOGO, FAVICON])
    ids = {"UserPoolId": pool, "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
    new = {**LOGO, "Bytes": png(9)}
    after = idp.update_managed_login_branding(**ids, Settings=ROUND, Assets=[new])["ManagedLoginBranding"]
    assert after["Settings"] == {**DARK, **ROUND}
    assert sorted(after["Assets"], key=lambda one: one["Category"]) == [FAVICON, new]


def test_going_back_to_cognitos_values_forgets_the_rest(idp: Any, pool: str, app: str) -> None:
    made = style(idp, pool, app, Settings=DARK, Assets=[LOGO])
    ids = {"UserPoolId": pool, "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
    after = idp.update_managed_login_branding(**ids, UseCognitoProvidedValues=True)["ManagedLoginBranding"]
    assert (after["UseCognitoProvidedValues"], after["Assets"]) == (True, [])
    assert "Settings" not in after
    again = idp.update_managed_login_branding(**ids, Assets=[LOGO])["ManagedLoginBranding"]
    assert (again["UseCognitoProvidedValues"], again["Assets"]) == (False, [LOGO])


def test_a_client_has_one_style(idp: Any, pool: str, app: str) -> None:
    style(idp, pool, app)
    with pytest.raises(idp.exceptions.ManagedLoginBrandingExistsException):
        style(idp, pool, app, Settings=DARK)


def test_a_style_and_its_images_go_with_a_call_or_with_the_client(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    missing = idp.exceptions.ResourceNotFoundException
    first = style(idp, pool, app, Assets=[LOGO])["ManagedLoginBrandingId"]
    idp.delete_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=first)
    with pytest.raises(missing):
        shown(idp, pool, app)
    second = style(idp, pool, app, Assets=[LOGO])["ManagedLoginBrandingId"]
    idp.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    with pytest.raises(missing):
        idp.describe_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=second)
    server = make.server
    assert server.run(server.app.store.branding.assets(pool, second)) == []


def test_what_does_not_exist_is_not_found(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    made = style(idp, pool, app)["ManagedLoginBrandingId"]
    missing, other = idp.exceptions.ResourceNotFoundException, make.pool()
    for ids in (
        {"UserPoolId": pool, "ManagedLoginBrandingId": ABSENT},
        {"UserPoolId": other, "ManagedLoginBrandingId": made},
    ):
        for call in (
            idp.describe_managed_login_branding,
            idp.update_managed_login_branding,
            idp.delete_managed_login_branding,
        ):
            with pytest.raises(missing):
                call(**ids)
    for call in (idp.create_managed_login_branding, idp.describe_managed_login_branding_by_client):
        with pytest.raises(missing):
            call(UserPoolId=other, ClientId=app)


@pytest.mark.parametrize("name", ACTIVE)
def test_case_14_an_svg_that_could_run_something_is_refused(idp: Any, pool: str, app: str, name: str) -> None:
    with pytest.raises(idp.exceptions.InvalidParameterException, match="SVG image cannot contain"):
        style(idp, pool, app, Assets=[{**FAVICON, "Bytes": ACTIVE[name]}])


def test_settings_and_images_that_are_none_are_refused(idp: Any, pool: str, app: str) -> None:
    wrong = idp.exceptions.InvalidParameterException
    for request in (
        {"Settings": {"components": {"unknown": 1}}},
        {"Assets": [{**LOGO, "Extension": "JPEG"}]},
        {"UseCognitoProvidedValues": True, "Settings": DARK},
    ):
        with pytest.raises(wrong):
            style(idp, pool, app, **request)
    made = style(idp, pool, app)["ManagedLoginBrandingId"]
    with pytest.raises(wrong):
        idp.update_managed_login_branding(UserPoolId=pool)
    many = [{**LOGO, "ResourceId": str(number)} for number in range(40)]
    idp.update_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=made, Assets=many)
    with pytest.raises(wrong, match="at most 40"):
        idp.update_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=made, Assets=[LOGO])


def test_pages_find_an_image_by_its_id(idp: Any, make: PoolFactory, pool: str, app: str) -> None:
    made = style(idp, pool, app, Assets=[LOGO])["ManagedLoginBrandingId"]
    server, store = make.server, make.server.app.store.branding
    (asset,) = server.run(store.assets(pool, made))
    assert server.run(store.asset(pool, made, asset.asset_id)) == ("PNG", PNG)
    assert server.run(store.asset(pool, made, "other")) is None
    assert server.run(store.asset(make.pool(), made, asset.asset_id)) is None
