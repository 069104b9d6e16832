"""serve: start the server."""

import argparse
from urllib.parse import quote

from cenote.cli.arguments import add_settings, settings_of
from cenote.server import example
from cenote.server.settings import Settings

LINE = "─" * 64


def arguments(command: argparse.ArgumentParser) -> None:
    add_settings(command)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    from cenote.server import run as server  # noqa: PLC0415 (Granian: 150 ms that --help can spare)

    server.check_before_start(settings)
    server.serve(settings, on_ready=lambda: print(banner(settings), flush=True))
    return 0


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
        lines.append(f"  next     aws cognito-idp create-user-pool --pool-name first --endpoint-url {url}")
    return "\n".join([*lines, ""])


def pasteable(url: str, region: str) -> list[str]:
    pool_id, client_id = example.pool_id(region), example.CLIENT_ID
    return [
        "",
        f"  pool     {pool_id}",
        f"  client   {client_id}",
        f"  user     {example.USERNAME} / {example.PASSWORD}",
        "",
        f"  {LINE}",
        "  AWS CLI",
        f"    aws cognito-idp initiate-auth --endpoint-url {url} --region {region} --no-sign-request \\",
        f"      --client-id {client_id} --auth-flow USER_PASSWORD_AUTH \\",
        f"      --auth-parameters USERNAME={example.USERNAME},PASSWORD={example.PASSWORD}",
        "",
        "  boto3",
        f'    boto3.client("cognito-idp", endpoint_url="{url}", region_name="{region}",',
        '      aws_access_key_id="any", aws_secret_access_key="any")',
        "",
        "  Amplify (JavaScript)",
        "    Amplify.configure({ Auth: { Cognito: {",
        f'      userPoolId: "{pool_id}", userPoolClientId: "{client_id}",',
        f'      userPoolEndpoint: "{url}" }} }} }})',
        "",
        f"  Login page (leads back to {example.CALLBACK})",
        f"    {url}/login?client_id={client_id}&response_type=code&scope=openid&redirect_uri={quote(example.CALLBACK)}",
        f"  {LINE}",
    ]
