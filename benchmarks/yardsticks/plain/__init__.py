"""The plain design, done fairly: a state machine, a post_save signal, and one `.delay()` per notification.

No login, no audit, no outbox. Persistent connections, the same web and worker processes as ours.
"""
