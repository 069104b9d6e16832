"""serve: start the server."""

import argparse
import gc
from textwrap import indent

from cenote.cli.arguments import add_settings, settings_of
from cenote.server import example
from cenote.server.settings import Settings

LINE = "─" * 64


def arguments(command: argparse.ArgumentParser) -> None:
    add_settings(command)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    # Nothing that is imported is garbage, and to look through it again and again takes a tenth of a start. Each worker
    # turns the collector on again.
    gc.disable()
    from cenote.server import run as server  # noqa: PLC0415 (the whole house, which --help can spare)

    server.check_before_start(settings)
    return server.serve(settings, on_ready=lambda: print(banner(settings), flush=True))


def banner(settings: Settings) -> str:
    """What a person reads once the server answers: where it is, and lines to paste."""
    url = settings.base_url
    kept = "PostgreSQL" if settings.database else f"{settings.data}/cenote.db"
    lines = ["", f"  Cenote answers at {url}", f"  data     {kept}"]
    if settings.private:
        lines.append(f"  outbox   {url}/_cenote/outbox   (codes and invitations end up here)")
    else:
        lines.append("  signed calls need an access key: cenote keys create")
    if settings.example:
        lines += pasteable(url, settings.region)
    else:
        lines.append(f"  next     {example.first_step(url)}")
    return "\n".join([*lines, ""])


def pasteable(url: str, region: str) -> list[str]:
    lines = [
        "",
        f"  pool     {example.pool_id(region)}",
        f"  client   {example.CLIENT_ID}",
        f"  user     {example.USERNAME} / {example.PASSWORD}",
        "",
        f"  {LINE}",
    ]
    for name, text in example.snippets(url, region).items():
        lines += [f"  {name}", indent(text, "    "), ""]
    return [
        *lines,
        f"  Login page (leads back to {example.home(url)}; {example.CALLBACK} may be asked for, too)",
        f"    {example.login_url(url)}",
        f"  {LINE}",
    ]
