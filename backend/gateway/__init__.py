"""A stand-in for the outside world: an SMS provider and a mail sink that can be slow, fail and refuse on purpose.

It knows nothing of Django or of lessons, and needs nothing but aiosmtpd:

    with Gateway(token="secret", latency_seconds=0.1) as gateway:
        requests.post(f"{gateway.url}/sms/messages", ...)
        smtplib.SMTP(gateway.host, gateway.mail_port).send_message(...)

From a shell: `python -m backend.gateway`, or `manage.py gateway` with the project's settings.
"""

from backend.gateway.gateway import Gateway, GatewayError

__all__ = ["Gateway", "GatewayError"]
