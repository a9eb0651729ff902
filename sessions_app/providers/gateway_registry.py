"""The gateways whose sessions can be asked for: one line each."""

from collections.abc import Mapping

from sessions_app.providers.evolution.sessions import EvolutionSessions
from sessions_app.providers.gateway.sessions import GatewaySessions
from sessions_app.providers.gateways import SessionGateway
from sessions_app.providers.waha.sessions import WahaSessions

GATEWAYS: Mapping[str, SessionGateway] = {
    "evolution": EvolutionSessions(),
    "gateway": GatewaySessions(),
    "waha": WahaSessions(),
}


def get_gateway(kind: str) -> SessionGateway | None:
    """Return the sessions' gateway of a channel's kind; None for a kind without sessions."""
    return GATEWAYS.get(kind)
