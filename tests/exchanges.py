"""Token exchange in tests: an app whose user signs in, and a service that exchanges the tokens it is called with."""

from dataclasses import dataclass
from typing import Any

from tests.browser import App, Page, oauth_app
from tests.conftest import PoolFactory

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
BOTH = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION", "ALLOW_REFRESH_TOKEN_AUTH"]
HELD = ["openid", "email", "files/read", "files/write", "aws.cognito.signin.user.admin"]


@dataclass
class Exchange:
    """`app` is what the user signs in to, `service` the client that exchanges, with a secret and for itself."""

    make: PoolFactory
    app: App
    service: App

    @property
    def idp(self) -> Any:
        return self.make.server.idp

    def subject(self, **changes: str | None) -> dict[str, Any]:
        """The tokens of a sign-in with all scopes."""
        return self.app.tokens(**{"scope": " ".join(HELD), **changes})

    def own(self, service: App | None = None) -> str:
        """A service's token of its own: the actor token."""
        one = service or self.service
        page = one.token(grant_type="client_credentials", redirect_uri=None)
        assert page.status == 200, page.text
        return str(page.document["access_token"])

    def derive(self, token: str, /, **request: Any) -> Any:
        plain: dict[str, Any] = {
            "ClientId": self.service.id,
            "ClientSecret": self.service.secret,
            "SubjectToken": token,
            "SubjectTokenType": "ACCESS_TOKEN",
        }
        sent = {name: value for name, value in {**plain, **request}.items() if value is not None}
        return self.idp.get_derived_token(**sent)

    def delegated(self, token: str, /, **request: Any) -> Any:
        actor = {"ActorToken": self.own(), "ActorTokenType": "ACCESS_TOKEN"}
        return self.derive(token, **{**actor, **request})

    def post(self, token: str, /, **form: str | None) -> Page:
        plain: dict[str, str | None] = {
            "grant_type": GRANT,
            "redirect_uri": None,
            "subject_token": token,
            "subject_token_type": f"{TYPE}access_token",
        }
        return self.service.token(**{**plain, **form})


def exchange(make: PoolFactory, *, pool: str | None = None, **service: Any) -> Exchange:
    pool_id = pool or make.pool()
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "admin")]
    make.server.idp.create_resource_server(
        UserPoolId=pool_id, Identifier="files", Name="Files", Scopes=scopes
    )
    app = oauth_app(make, pool=pool_id, AllowedOAuthScopes=HELD)
    return Exchange(make, app, exchanger(make, pool_id, **service))


def exchanger(make: PoolFactory, pool: str, **changes: Any) -> App:
    """A service of the pool that may exchange tokens for `files/read`."""
    settings = {
        "ExplicitAuthFlows": BOTH,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["files/read", "files/admin"],
    }
    return oauth_app(make, pool=pool, secret=True, with_user=False, **{**settings, **changes})
