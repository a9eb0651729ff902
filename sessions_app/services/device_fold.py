"""What events make of a session: plain values, so that it can be asked before a lock and under it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sessions_app.models.device import INACTIVE, PENDING
from sessions_app.providers.base import DeviceEvent


@dataclass(frozen=True, slots=True)
class Known:
    """A session as the database has it; `status_at` None: no status was ever reported."""

    status: str = PENDING
    status_at: datetime | None = None
    version: int = 0
    digest: str = ""
    qr_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An event ready to be folded: with the digest of its QR code and a time that is never in the future."""

    status: str
    qr: str = field(repr=False)
    digest: str
    at: datetime
    is_urgent: bool

    @classmethod
    def of(cls, event: DeviceEvent, now: datetime) -> "Report":
        at = now if event.at is None or event.at > now else event.at
        return cls(event.status, event.qr, qr_digest(event.qr), at, event.is_urgent)


@dataclass(slots=True)
class Fold:
    """A session after its reports. The version of a kind is 0 as long as nothing of that kind has changed.

    `accepted` counts the reports that changed something; the others are repeats, or older than what is known.
    """

    status: str
    status_at: datetime | None
    version: int
    digest: str
    qr_at: datetime | None
    qr: str = field(default="", repr=False)
    status_version: int = 0
    qr_version: int = 0
    status_is_urgent: bool = False
    qr_is_urgent: bool = False
    accepted: int = 0

    def take(self, report: Report) -> None:
        status_changed = bool(report.status) and self._take_status(report)
        qr_changed = bool(report.qr) and self._take_qr(report)
        self.accepted += status_changed or qr_changed

    def _take_status(self, report: Report) -> bool:
        if self.status_at is not None and report.at < self.status_at:
            return False
        is_repeat = self.status_at is not None and self.status == report.status
        self.status_at = report.at  # of a repeat too: what lies before it is out of date
        if is_repeat:
            return False
        self.version += 1
        self.status, self.status_version = report.status, self.version
        self.status_is_urgent |= report.is_urgent or report.status == INACTIVE
        return True

    def _take_qr(self, report: Report) -> bool:
        if report.digest == self.digest or (self.qr_at is not None and report.at < self.qr_at):
            return False
        self.version += 1
        self.digest, self.qr, self.qr_at, self.qr_version = report.digest, report.qr, report.at, self.version
        self.qr_is_urgent |= report.is_urgent
        return True


def folded(known: Known, reports: Iterable[Report]) -> Fold:
    """Return what the reports, in order, make of a session."""
    fold = Fold(known.status, known.status_at, known.version, known.digest, known.qr_at)
    for report in reports:
        fold.take(report)
    return fold


def needs_writing(known: Known, fold: Fold) -> bool:
    return fold.version != known.version or fold.status_at != known.status_at


def qr_digest(qr: str) -> str:
    """Return the SHA-256 of a QR code, hexadecimal; '' of none."""
    return sha256(qr.encode()).hexdigest() if qr else ""
