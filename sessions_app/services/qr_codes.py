"""The end of QR codes: one that can no more be scanned leaves nothing to be read."""

from django.utils import timezone

from sessions_app.models import QrCode


def expired_codes_wipe() -> int:
    """Empty the payload of every QR code that has expired; returns how many. Digests stay."""
    expired = QrCode.objects.filter(expires_at__lte=timezone.now()).exclude(payload="")
    return expired.update(payload="")
