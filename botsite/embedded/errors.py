"""What can go wrong with the private servers."""


class EmbeddedError(Exception):
    """A private server cannot be used; the message is one line for a person."""
