"""`python -m backend.gateway`: the gateway without Django, for tests and drills."""

import argparse
import os
import sys

from backend.gateway.command_line import add_options, gateway_from, serve_until_signalled
from backend.gateway.gateway import GatewayError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.gateway", description=__doc__)
    add_options(parser, default_token=os.environ.get("SMS_GATEWAY_TOKEN", ""))
    try:
        serve_until_signalled(gateway_from(vars(parser.parse_args())), out=sys.stdout)
    except GatewayError as error:
        parser.exit(1, f"gateway: {error}\n")


if __name__ == "__main__":
    main()
