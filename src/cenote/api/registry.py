"""How a function becomes an operation: its name says which."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from cenote.flows.context import Context

Handler = Callable[[Context, Any], Awaitable[Any]]
H = TypeVar("H", bound=Callable[..., Awaitable[Any]])

MARK = "__operation__"


def operation(handler: H) -> H:
    """Marks `create_group` as the handler of CreateGroup. A name that AWS does not have stops the start: the
    dispatcher knows the model and refuses it.
    """
    name = "".join(part.capitalize() for part in handler.__name__.split("_"))
    setattr(handler, MARK, SPELLINGS.get(name, name))
    return handler


def collected(package: ModuleType) -> dict[str, Handler]:
    """The operations of a package's modules, by AWS's name."""
    handlers: dict[str, Handler] = {}
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for function in vars(module).values():
            name = getattr(function, MARK, None) if isinstance(function, FunctionType) else None
            if name is not None and function.__module__ == module.__name__:
                if name in handlers:
                    raise TypeError(f"two functions handle {name}")
                handlers[name] = function
    return handlers


# Names in which AWS writes an abbreviation or a compound in its own way.
SPELLINGS = {
    "AdminSetUserMfaPreference": "AdminSetUserMFAPreference",
    "SetUserMfaPreference": "SetUserMFAPreference",
    "GetCsvHeader": "GetCSVHeader",
    "GetUiCustomization": "GetUICustomization",
    "SetUiCustomization": "SetUICustomization",
}
