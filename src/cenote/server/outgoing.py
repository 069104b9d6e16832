"""The ways out that the settings open: for mail, text messages, and what functions deliver."""

from collections.abc import Callable
from pathlib import Path

from cenote.domain.log_delivery import FILE
from cenote.domain.messages import ROUTES_OF_MAIL
from cenote.flows import delivery
from cenote.flows.triggers.custom_senders import CustomSenders
from cenote.outbound import aws, kms
from cenote.outbound.functions.connections import Connections
from cenote.outbound.functions.targets import Functions
from cenote.outbound.kms import DataKeys, Kms, LocalKey
from cenote.outbound.logs import Sink
from cenote.outbound.logs.cloudwatch import CloudWatch
from cenote.outbound.logs.file import File
from cenote.outbound.logs.firehose import Firehose
from cenote.outbound.logs.s3 import S3
from cenote.outbound.mail import smtp
from cenote.outbound.mail.ses import Ses
from cenote.outbound.roles import Roles
from cenote.outbound.sms import gateway
from cenote.outbound.sms.gateway import Gateway
from cenote.outbound.sms.sns import Sns
from cenote.outbound.transports import Transport
from cenote.server.endpoints import ENDPOINTS
from cenote.server.jobs import WayOut
from cenote.server.settings import Settings
from cenote.store.transactions import forbid_in_transaction


class Outgoing:
    """Everything of one worker that goes out but for triggers' calls. Connections are kept alive until `close`."""

    def __init__(
        self,
        settings: Settings,
        functions: Functions,
        *,
        clock: Callable[[], int],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._connections = Connections(guard=forbid_in_transaction)
        self.ways_out = self._ways_out(CustomSenders(functions, self._data_keys(entropy), entropy))

        self.log_sinks = self._log_sinks()

    async def close(self) -> None:
        await self._connections.close()

    @property
    def routes(self) -> frozenset[str]:
        return frozenset(route for way in self.ways_out for route in way.routes)

    def service(self, name: str) -> aws.Service | None:
        """A service of AWS, if the settings say where it is."""
        settings = self._settings
        endpoint: str = getattr(settings, ENDPOINTS[name])
        if not endpoint:
            return None
        credentials = aws.Credentials(settings.aws_access_key_id, settings.aws_secret_access_key)
        region = settings.aws_region or settings.region
        return aws.Service(name, endpoint.rstrip("/"), region, credentials, self._connections, self._clock)

    def _ways_out(self, functions: Transport) -> tuple[WayOut, ...]:
        ways = [WayOut("functions", functions, (delivery.FUNCTION,))]
        own, ses = self._smtp(), self.service("ses")
        # Where there are both, pools with a sending account of their own (DEVELOPER) use SES, as they would at AWS.
        if own is not None:
            ways.append(WayOut("smtp", own, ROUTES_OF_MAIL[:1] if ses else ROUTES_OF_MAIL))
        if ses is not None:
            routes = ROUTES_OF_MAIL[1:] if own else ROUTES_OF_MAIL
            ways.append(WayOut("ses", Ses(ses, self._settings.mail_from), routes))
        sns = self.service("sns")
        if sns is not None:
            sts = self.service("sts")
            ways.append(WayOut("sns", Sns(sns, Roles(sts) if sts else None), (delivery.SMS,)))
        elif self._settings.sms_gateway:
            template = gateway.parsed(self._settings.sms_gateway)
            ways.append(WayOut("sms_gateway", Gateway(template, self._connections), (delivery.SMS,)))
        return tuple(ways)

    def _log_sinks(self) -> dict[str, Sink]:
        makers: dict[str, Callable[[aws.Service], Sink]] = {
            "logs": CloudWatch,
            "firehose": Firehose,
            "s3": S3,
        }
        sinks = {
            name: make(service)
            for name, make in makers.items()
            if (service := self.service(name)) is not None
        }
        if self._settings.log_export_file:
            sinks[FILE] = File(Path(self._settings.log_export_file))
        return sinks

    def _smtp(self) -> smtp.Smtp | None:
        if not self._settings.smtp_url:
            return None
        return smtp.Smtp(
            smtp.parsed(self._settings.smtp_url),
            default_sender=self._settings.mail_from,
            guard=forbid_in_transaction,
        )

    def _data_keys(self, entropy: Callable[[int], bytes]) -> DataKeys | None:
        service = self.service("kms")
        if service is not None:
            return Kms(service)
        key = self._settings.sender_key
        return LocalKey(kms.parsed(key), entropy) if key else None
