"""Alerts: what is wrong and was, with its history, and what staff say to it."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from conversations.admin.base import ReadOnlyAdmin, badge
from monitoring.alerts.notify.wording import figures
from monitoring.models import Alert, AlertRule, AlertState, Notification
from monitoring.services.alert_list import AlertOver, acknowledge, note_add, silence

ANSWER = "monitoring.acknowledge_alert"
_FAILURES = {  # our own codes of a notice that could not be sent; others name the error or are a provider's
    "no_mail_server": _("no mail server is set"),
    "recipient_refused": _("the mail server refused the address"),
    "no_channel": _("no channel to send it on"),
}


class AnswerForm(forms.Form):
    """What a person says to an alert."""

    answer = forms.ChoiceField(choices=[("acknowledge", ""), ("silence", ""), ("note", "")])
    note = forms.CharField(max_length=2000, required=False)
    hours = forms.TypedChoiceField(
        coerce=int,
        required=False,
        choices=[(1, _("1 hour")), (4, _("4 hours")), (24, _("1 day")), (168, _("1 week"))],
    )


class RuleFilter(admin.SimpleListFilter):
    """By rule, under the rule's name."""

    title = _("rule")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        rules = AlertRule.objects.filter(alerts__isnull=False).distinct()
        return sorted(((rule.slug, rule.title) for rule in rules), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(rule__slug=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    """The newest first; the page of each has its history and the answers."""

    change_form_template = "admin/monitoring/alert/change_form.html"
    list_display = (
        "name",
        "severity_badge",
        "state_badge",
        "value_text",
        "fired_at",
        "resolved_at",
        "seen_by",
    )
    list_filter = ("state", "severity", RuleFilter)
    list_select_related = ("rule",)
    ordering = ("-started_at", "-id")
    fields = (
        "meaning",
        "action",
        "state_badge",
        "severity_badge",
        "value_text",
        "times",
        "seen_by",
        "silenced",
    )

    def get_urls(self) -> list[URLPattern]:
        answer = self.admin_site.admin_view(require_POST(self.answer))
        return [path("<int:pk>/answer/", answer, name="monitoring_alert_answer"), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        alert = Alert.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = {
            **(extra_context or {}),
            "may_answer": request.user.has_perm(ANSWER),
            "is_open": alert is not None and alert.state != AlertState.RESOLVED,
            "events": alert.events.all() if alert else (),
            "answers": AnswerForm(),
        }
        return super().change_view(request, object_id, form_url, context)

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Acknowledge or silence an alert, or note something about it."""
        if not request.user.has_perm(ANSWER):
            raise PermissionDenied
        alert = get_object_or_404(Alert, pk=pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("Choose one of the answers."))
        else:
            try:
                _answer(alert, form, by=request.user.get_username())
                messages.success(request, gettext("It is noted in the alert's history."))
            except AlertOver:
                messages.warning(request, gettext("It is over already."))
        return HttpResponseRedirect(reverse("admin:monitoring_alert_change", args=[pk]))

    @admin.display(description=_("alert"), ordering="rule__slug")
    def name(self, alert: Alert) -> str:
        return str(alert)

    @admin.display(description=_("severity"), ordering="severity")
    def severity_badge(self, alert: Alert) -> SafeString:
        return badge(alert.severity, alert.get_severity_display())

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, alert: Alert) -> SafeString:
        if alert.stale_since and alert.state != AlertState.RESOLVED:
            no_data = gettext("no data")
            return badge("unknown", f"{alert.get_state_display()} · {no_data}")
        return badge(alert.state, alert.get_state_display())

    @admin.display(description=_("value"), ordering="value")
    def value_text(self, alert: Alert) -> str:
        return figures(alert) or "–"

    @admin.display(description=_("acknowledged by"), ordering="acknowledged_at")
    def seen_by(self, alert: Alert) -> str:
        return alert.acknowledged_by or "–"

    @admin.display(description=_("silenced until"))
    def silenced(self, alert: Alert) -> str:
        if not alert.silenced_until or not alert.is_silenced:
            return "–"
        return date_format(timezone.localtime(alert.silenced_until), "DATETIME_FORMAT")

    @admin.display(description=_("times fired"))
    def times(self, alert: Alert) -> int:
        return alert.occurrence

    @admin.display(description=_("what it means"))
    def meaning(self, alert: Alert) -> str:
        return str(alert.rule.definition.meaning) if alert.rule.definition else ""

    @admin.display(description=_("what to do"))
    def action(self, alert: Alert) -> str:
        return str(alert.rule.definition.action) if alert.rule.definition else ""


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin[Notification]):
    """What was told to whom, and what could not be."""

    list_display = ("due_at", "state_badge", "alert", "target", "kind", "attempts", "sent_at", "why")
    list_display_links = None
    list_filter = ("state", "target", "kind")
    list_select_related = ("alert__rule", "target")
    ordering = ("-id",)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, notice: Notification) -> SafeString:
        return badge(notice.state, notice.get_state_display())

    @admin.display(description=_("error"))
    def why(self, notice: Notification) -> str:
        return str(_FAILURES.get(notice.error, notice.error))


def _answer(alert: Alert, form: AnswerForm, *, by: str) -> None:
    answer, note = form.cleaned_data["answer"], form.cleaned_data["note"]
    if answer == "acknowledge":
        acknowledge(alert.pk, by=by, note=note)
    elif answer == "silence":
        until = timezone.localtime() + timedelta(hours=form.cleaned_data["hours"] or 1)
        silence(alert.pk, until=until, by=by, note=note)
    else:
        note_add(alert.pk, by=by, note=note)
