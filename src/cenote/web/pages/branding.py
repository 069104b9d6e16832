"""What a pool or a client changes in the look of its pages: a managed login style, or the classic CSS and logo.

A style's settings become CSS in `styles`. Classic CSS was parsed and written anew when it was uploaded; nothing else of
what is uploaded ever stands in a page (decision 18).
"""

from typing import Final

from cenote.domain import images
from cenote.domain.domains import CLASSIC, MANAGED
from cenote.flows.context import Context
from cenote.store import Store
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Answer
from cenote.web.pages.styles import Logo, Look, Picture, styled
from cenote.web.sites import Site

FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
PREFIX: Final = images.PATH
PLAIN: Final = Look()
# Classic CSS that says how a button is under the pointer means that colour, not a brighter one.
HOVER: Final = ".submitButton-customizable:hover"
UNFILTERED: Final = ".primary:hover, .primary:active { filter: none }\n"


async def of(ctx: Context, pool: Pool, client: Client, site: Site) -> Look:
    """What the domain's ManagedLoginVersion chooses: the classic look, or the client's style (documented).

    The base host has no version: there it is the style if the client has one, else the classic look.
    """
    if site.managed_login_version != CLASSIC:
        style = await ctx.store.branding.find_of_client(pool.pool_id, client.client_id)
        if style is not None and not style.document["UseCognitoProvidedValues"]:
            return styled(style, await ctx.store.branding.assets(pool.pool_id, style.branding_id))
    if site.managed_login_version == MANAGED:
        return PLAIN
    classic = await ctx.store.ui_customizations.for_client(pool.pool_id, client.client_id)
    if classic is None:
        return PLAIN
    css = classic.style or ""
    logo = None if classic.image_path is None else Logo(Picture(classic.image_path))
    return Look(style=(UNFILTERED if HOVER in css else "") + css, logo=logo, names_app=not css)


async def image(store: Store, path: str) -> Answer:
    """An image by its address, which names one content for ever. It draws, and does nothing else (case 14)."""
    pool_id, _, rest = path.removeprefix(PREFIX).partition("/")
    owner, _, image_id = rest.partition("/")
    found = await store.branding.asset(pool_id, owner, image_id)
    if found is None:
        found = await store.ui_customizations.image(pool_id, owner, image_id)
    if found is None:
        return Answer(404, b"Not found\n", [(b"content-type", b"text/plain")])
    kind, content = found
    headers = [
        (b"content-type", images.MEDIA_TYPES[kind].encode()),
        (b"content-security-policy", images.POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-site"),
        FOR_EVER,
    ]
    return Answer(200, content, headers, cacheable=True)
