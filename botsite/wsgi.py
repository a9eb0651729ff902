"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from botsite.telemetry.meter import install_meter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")
install_meter()
application = get_wsgi_application()
