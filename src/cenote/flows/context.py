"""What a handler or a flow is given besides its request."""

from collections.abc import Callable

import msgspec

from cenote.domain.deployment import Deployment
from cenote.domain.request import RequestFacts
from cenote.flows.signing import Signing
from cenote.flows.work import Work
from cenote.outbound.functions.targets import Functions
from cenote.store import Store


class Context(msgspec.Struct, frozen=True):
    """`clock` gives epoch milliseconds; `entropy` gives that many random bytes."""

    store: Store
    deployment: Deployment
    signing: Signing
    work: Work
    functions: Functions
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    request: RequestFacts
