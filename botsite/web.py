"""What granian serves under `manage.py up`, and how it is told to."""

import signal
import sys

from django.core.handlers.wsgi import WSGIHandler

from botsite.embedded.processes import dies_with_parent


def create_application() -> WSGIHandler:
    """The site's WSGI application, in a web process that ends with granian's main one.

    granian's processes survive a kill -9 of their parent and would keep the port; in production the
    service manager sees to that.
    """
    dies_with_parent(signal.SIGKILL)()
    from botsite.wsgi import application

    return application


def server_command(
    *, host: str, port: int, workers: int = 1, application: str = "botsite.web:create_application"
) -> list[str]:
    """Return the command that serves the factory `application` at `host`:`port` from `workers` processes.

    Each of the threads may need a database connection: eight of the ten that a process may have by default.
    The others are for what works beside the requests. Idle browsers wait beside the threads.
    """
    options = {
        "interface": "wsgi",
        "host": host,
        "port": port,
        "http": "1",
        "workers": workers,
        "blocking-threads": 8,
        "backpressure": 256,
        "workers-kill-timeout": 5,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "granian", "--no-ws", "--factory", *words, application]
