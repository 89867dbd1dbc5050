"""`manage.py gateway`: the stand-in for the outside world, with the project's token."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.gateway import GatewayError
from backend.gateway.command_line import add_options, gateway_from, serve_until_signalled


class Command(BaseCommand):
    help = "Run an SMS provider and a mail sink to try things out against: slow, and faulty on request."
    # It needs neither the database nor the rest of the project.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser, default_token=settings.SMS_GATEWAY_TOKEN)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            serve_until_signalled(gateway_from(options), out=self.stdout)
        except GatewayError as error:
            raise CommandError(str(error)) from error
