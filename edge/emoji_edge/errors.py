"""The base of the failures that this package raises on purpose."""


class EmojiError(Exception):
    """Something cannot be used or done; the message says in one line what it is, and why."""
