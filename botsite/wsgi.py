"""The WSGI application that granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from botsite.postgres.limits import serve
from botsite.telemetry.logging import log_unhandled_exceptions
from botsite.telemetry.meter import install_meter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")
install_meter()
serve(settings.DATABASE_STATEMENT_SECONDS)
application = get_wsgi_application()
log_unhandled_exceptions()
