"""The fixtures of the tests beside it; those of the monitoring import them too."""

from tests.sessions_app.services.fixtures import asked, channel, told

__all__ = ("asked", "channel", "told")
