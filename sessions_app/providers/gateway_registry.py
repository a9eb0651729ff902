"""The gateways whose sessions can be asked for: one line each."""

from collections.abc import Mapping

from sessions_app.providers.gateways import SessionGateway

GATEWAYS: Mapping[str, SessionGateway] = {}


def get_gateway(kind: str) -> SessionGateway | None:
    """Return the sessions' gateway of a channel's kind; None for a kind without sessions."""
    return GATEWAYS.get(kind)
