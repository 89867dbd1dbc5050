"""Figures for Prometheus, at /metrics. docker/prometheus has the alerts that go with them.

What requests do is counted in the web's processes, which gunicorn's configuration lets share a directory (`web`).
Everything else is asked for when Prometheus asks: from the rows, from Redis and from the broker (`rows`), so that no
worker has to be reachable, and any web process gives the same answer.
"""
