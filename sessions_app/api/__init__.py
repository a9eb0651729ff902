"""The API of device sessions: gateways report, other systems ask and start."""
