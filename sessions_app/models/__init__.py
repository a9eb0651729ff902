"""The models of our end of WhatsApp."""

from sessions_app.models.channel import Channel, ChannelKind, UnknownSendPolicy
from sessions_app.models.device import Device, Order, OrderState, QrCode
from sessions_app.models.forward import Forward, ForwardBatch, ForwardKind, ForwardPriority, ForwardState

__all__ = (
    "Channel",
    "ChannelKind",
    "Device",
    "Forward",
    "ForwardBatch",
    "ForwardKind",
    "ForwardPriority",
    "ForwardState",
    "Order",
    "OrderState",
    "QrCode",
    "UnknownSendPolicy",
)
