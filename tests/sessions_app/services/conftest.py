"""The fixtures of the tests beside it; those of the monitoring import them too."""

from tests.sessions_app.services.fixtures import channel, told

__all__ = ("channel", "told")
