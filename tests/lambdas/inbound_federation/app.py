"""Takes from another provider only what is known of its users here, and the first of their groups."""

import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    told = event["request"]["attributes"]
    known = {**told.get("idToken", {}), **told.get("userInfo", {}), **told.get("samlResponse", {})}
    if not known.get("email", "").endswith("@company.example"):
        raise ValueError("nobody from there")
    groups = json.loads(known.get("groups", "[]"))
    mapped = {name: known[name] for name in ("sub", "email", "given_name") if name in known}
    event["response"]["userAttributesToMap"] = {**mapped, "custom:team": groups[0] if groups else "none"}
    return event
