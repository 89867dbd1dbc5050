"""Processes on this machine: the embedded services, the demo, smoke, lint and the tests' services.

Knows neither Django nor the application: it starts commands, gives them an environment and leaves
none of them behind.
"""
