"""A database behind a proxy, as a process that serves sees it."""

from tests.serving import database_proxy, serving

__all__ = ("database_proxy", "serving")
