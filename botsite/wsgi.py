"""The WSGI application that granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from botsite.postgres.limits import serve
from botsite.telemetry.events import web_started
from botsite.telemetry.host_metrics import host_metrics_share
from botsite.telemetry.logging import log_unhandled_exceptions
from botsite.telemetry.meter import install_meter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")
install_meter()
host_metrics_share(settings.VAR_DIR)
serve(settings.DATABASE_STATEMENT_SECONDS)
application = get_wsgi_application()
log_unhandled_exceptions()
web_started.send(sender=application)
