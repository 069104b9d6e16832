"""UI customization over the wire. Behaviour is documented; texts are assumed unless a test says otherwise."""

import uuid
from typing import Any

import pytest
from tests.conftest import PoolFactory
from tests.pictures import DRAWING, JPEG, PNG

CSS = "/* ours */ .banner-customizable { background-color: navy }"


@pytest.fixture
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    make.server.idp.create_user_pool_domain(UserPoolId=pool, Domain=f"d-{uuid.uuid4().hex}")
    return pool


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def shown(idp: Any, pool: str, **request: Any) -> dict[str, Any]:
    return dict(idp.get_ui_customization(UserPoolId=pool, **request)["UICustomization"])


def test_a_look_is_shown_as_it_was_given(idp: Any, make: PoolFactory, pool: str) -> None:
    made = idp.set_ui_customization(UserPoolId=pool, ClientId="ALL", CSS=CSS, ImageFile=PNG)[
        "UICustomization"
    ]
    assert (made["UserPoolId"], made["ClientId"], made["CSS"]) == (pool, "ALL", CSS)
    assert len(made["CSSVersion"]) == 14
    assert made["ImageUrl"].startswith(
        f"{make.server.app.deployment.public_url}/_cenote/branding/{pool}/ALL/"
    )
    assert shown(idp, pool) == shown(idp, pool, ClientId="ALL") == made


def test_a_client_has_its_own_look_or_that_of_all(idp: Any, pool: str, app: str) -> None:
    assert shown(idp, pool, ClientId=app) == {}
    idp.set_ui_customization(UserPoolId=pool, CSS=CSS)
    assert shown(idp, pool, ClientId=app)["ClientId"] == "ALL"
    idp.set_ui_customization(UserPoolId=pool, ClientId=app, ImageFile=JPEG)
    own = shown(idp, pool, ClientId=app)
    assert own["ClientId"] == app
    assert "CSS" not in own
    assert "ImageUrl" not in shown(idp, pool)


def test_what_a_new_look_leaves_out_is_gone(idp: Any, pool: str) -> None:
    first = idp.set_ui_customization(UserPoolId=pool, CSS=CSS, ImageFile=PNG)["UICustomization"]
    second = idp.set_ui_customization(UserPoolId=pool, CSS=CSS)["UICustomization"]
    assert "ImageUrl" not in second
    assert second["CreationDate"] == first["CreationDate"]
    idp.set_ui_customization(UserPoolId=pool)
    assert shown(idp, pool) == {}


def test_a_pool_without_a_domain_has_no_look(idp: Any, make: PoolFactory) -> None:
    """Recorded in amazon-connect/voicemail-for-amazon-connect#5."""
    with pytest.raises(
        idp.exceptions.InvalidParameterException, match="A domain must be associated with this"
    ):
        idp.set_ui_customization(UserPoolId=make.pool(), CSS=CSS)


@pytest.mark.parametrize(
    "css",
    [
        "body { color: red }",
        ".banner-customizable { background: url(https://evil.example/) }",
        "@import 'a';",
    ],
)
def test_case_14_css_that_is_more_than_a_look_is_refused(idp: Any, pool: str, css: str) -> None:
    with pytest.raises(idp.exceptions.InvalidParameterException, match="The CSS cannot contain"):
        idp.set_ui_customization(UserPoolId=pool, CSS=css)
    assert shown(idp, pool) == {}


@pytest.mark.parametrize("image", [b"text", DRAWING, PNG + bytes(100 * 1024)])
def test_a_logo_that_is_none_or_too_large_is_refused(idp: Any, pool: str, image: bytes) -> None:
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.set_ui_customization(UserPoolId=pool, ImageFile=image)


def test_unknown_pools_and_clients_are_not_found(idp: Any, make: PoolFactory, pool: str) -> None:
    stranger = make.client(make.pool())["ClientId"]
    for call in (idp.set_ui_customization, idp.get_ui_customization):
        for ids in ({"UserPoolId": "eu-central-1_Absent000"}, {"UserPoolId": pool, "ClientId": stranger}):
            with pytest.raises(idp.exceptions.ResourceNotFoundException):
                call(**ids)


def test_pages_find_the_css_written_anew_and_the_logo(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    made = idp.set_ui_customization(UserPoolId=pool, CSS=CSS, ImageFile=PNG)["UICustomization"]
    server, store = make.server, make.server.app.store.ui_customizations
    look = server.run(store.for_client(pool, app))
    assert look.style == ".banner-customizable { background-color: navy; }"
    assert made["ImageUrl"].endswith(look.image_path)
    assert server.run(store.image(pool, "ALL", look.image_id)) == ("PNG", PNG)
    assert server.run(store.image(pool, "ALL", "other")) is None
