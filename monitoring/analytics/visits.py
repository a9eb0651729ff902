"""The shopping sessions: how many are open, and what became of those that are over."""

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.services.costs import Span
from conversations.shop.models import SessionState
from monitoring.charts import Unit
from monitoring.dashboard.links import Links
from monitoring.dashboard.tiles import Tile, measured, minutes_text
from monitoring.services.figures.shop_sessions import INSTRUMENTS, open_sessions, shop_sessions
from monitoring.services.series import Window, read
from sessions_app.models import Channel


def visit_tiles(span: Span, channel: Channel | None, links: Links) -> list[Tile]:
    """Return what is open now on the channel (None: on all) and what was counted, which knows no channel."""
    now = timezone.now()
    open_now = open_sessions()
    if channel is not None:
        open_now = open_now.filter(user__channel=channel)
    counts = open_now.aggregate(all=Count("pk"), carts=Count("pk", filter=Q(state=SessionState.CART)))
    session = {"closed_at__isnull": True, "expires_at__gt": now.isoformat()}
    if channel is not None:
        session["user__channel__id__exact"] = channel.pk
    tiles = [
        Tile(
            _("Shopping now"),
            Unit.COUNT.text(counts["all"]),
            url=links.rows("shop.customersession", **session),
        ),
        Tile(
            _("Carts being filled"),
            Unit.COUNT.text(counts["carts"]),
            url=links.rows("shop.customersession", state__exact=SessionState.CART.value, **session),
        ),
    ]
    return tiles if channel is not None else [*tiles, *_counted(span)]


def _counted(span: Span) -> list[Tile]:
    begins, ends = span.bounds()
    found = shop_sessions(read(Window(begins, min(ends, timezone.now())), INSTRUMENTS))
    return [
        measured(
            _("Sessions over"), found.expired, Unit.COUNT, note=_("in these days, with or without an order")
        ),
        Tile(_("Time in the shop, mean"), minutes_text(found.mean_seconds), _("sessions that are over")),
        measured(
            _("Carts that became orders"),
            found.orders_percent,
            Unit.PERCENT,
            note=_("orders per session that is over"),
        ),
    ]
