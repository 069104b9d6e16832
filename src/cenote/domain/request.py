"""What a rule may need to know of the request that it answers, beside the request's own members."""

import msgspec


class RequestFacts(msgspec.Struct, frozen=True):
    """One API call.

    `region` and `access_key_id` come from the signature's credential scope and are None without one; where the
    server checks no signatures they are only what the caller claims. `address` is the peer's address as the
    server saw it, empty when unknown. `operation` is the AWS name. Where an app speaks for somebody, `address` and
    `user_agent` are what it says of them, and `context` is what it gathered of their device (EncodedData).
    """

    request_id: str
    region: str | None
    address: str
    user_agent: str
    access_key_id: str | None
    operation: str
    context: str = ""
