"""What is told to the person at the terminal: one message, no stack trace."""


class StackError(Exception):
    """The stack cannot start or go on; the message says why, and the way out where there is one."""
