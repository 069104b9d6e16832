"""Pools with threat protection, and people who sign in to them from somewhere."""

import base64
import json
from typing import Any

from tests.calls import PASSWORD
from tests.conftest import PoolFactory, RunningServer

HOME, CAFE = "192.0.2.1", "203.0.113.7"
PHONE, STRANGER = "Shop/3.1 Android", "curl/8.5"
ARN = "arn:aws:ses:eu-central-1:000000000000:identity/example.com"
ACTIONS = ("LowAction", "MediumAction", "HighAction")


def protected(make: PoolFactory, mode: str = "ENFORCED", **request: Any) -> str:
    return make.pool(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": mode}, **request)


def from_(address: str, user_agent: str = PHONE, encoded: str = "") -> dict[str, Any]:
    """The ContextData of a server that speaks for somebody at that address."""
    data = {
        "IpAddress": address,
        "ServerName": "shop.example.com",
        "ServerPath": "/login",
        "HttpHeaders": [{"headerName": "User-Agent", "headerValue": user_agent}],
    }
    return {"ContextData": {**data, "EncodedData": encoded} if encoded else data}


def gathered(**context: str) -> str:
    """EncodedData as AWS's library writes it."""
    payload = json.dumps({"contextData": context, "username": "ada", "timestamp": "1790000000000"})
    outer = {"payload": payload, "signature": "x", "version": "JS20171115"}
    return base64.b64encode(json.dumps(outer).encode()).decode()


def enter(
    idp: Any, pool: str, app: str, address: str = HOME, user_agent: str = PHONE, *, password: str = PASSWORD,
    name: str = "ada", encoded: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The answer to a sign-in from that address and program, through an app's server."""
    return dict(
        idp.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
            **from_(address, user_agent, encoded),
        )
    )


def takeover(action: str, *, notify: bool = False, **templates: Any) -> dict[str, Any]:
    """Settings with one action for every level."""
    settings: dict[str, Any] = {
        "Actions": {name: {"Notify": notify, "EventAction": action} for name in ACTIONS}
    }
    if templates:
        settings["NotifyConfiguration"] = {"SourceArn": ARN, **templates}
    return {"AccountTakeoverRiskConfiguration": settings}


def compromised(action: str = "BLOCK", *events: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"Actions": {"EventAction": action}}
    if events:
        settings["EventFilter"] = list(events)
    return {"CompromisedCredentialsRiskConfiguration": settings}


def history(idp: Any, pool: str, name: str = "ada") -> list[dict[str, Any]]:
    return list(idp.admin_list_user_auth_events(UserPoolId=pool, Username=name)["AuthEvents"])


def mail_to(server: RunningServer, address: str) -> list[Any]:
    return list(server.run(server.app.store.messages.list_(to=address, limit=50)))
