"""The stripped service model, decoded: what operations there are and what shapes go in and out."""

import msgspec

from cenote import shapes


class Shape(msgspec.Struct, frozen=True, gc=False):
    """One shape. `type` is AWS's (`structure`, `list`, `map`, `string`, `integer`, `long`, `boolean`,
    `timestamp`, `blob`) or `document` for free-form JSON; the rest applies to some types only.
    """

    type: str
    members: dict[str, str] = {}
    required: tuple[str, ...] = ()
    member: str | None = None
    key: str | None = None
    value: str | None = None
    enum: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None
    pattern: str | None = None
    sensitive: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the shapes that this one is made of."""
        return (*self.members.values(), *(part for part in (self.member, self.key, self.value) if part))


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation. `signed` is False where AWS asks for no credentials; `errors` are wire names."""

    input: str
    errors: frozenset[str]
    signed: bool
    output: str | None = None


class Model(msgspec.Struct, frozen=True):
    """One service; `target_prefix` is what stands before the dot in `X-Amz-Target`."""

    service: str
    signing_name: str
    target_prefix: str
    operations: dict[str, Operation]
    shapes: dict[str, Shape]


def load_model(name: str) -> Model:
    """The model `cognito_idp` or `cognito_identity`. Takes about a millisecond."""
    return msgspec.json.decode(shapes.read_model(name), type=Model)
