"""What granian serves as the floor."""

import os
import signal

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from botsite.embedded.processes import dies_with_parent


def create_application() -> WSGIHandler:
    dies_with_parent(signal.SIGKILL)()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare.settings"
    return get_wsgi_application()
