"""A process that says it is a worker, several times a second, until it is killed."""

import os
import time

import django
from django.db import connection

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")
    django.setup()
    from monitoring.services.heartbeats import heartbeat

    while True:
        heartbeat("worker")
        connection.close()
        time.sleep(0.2)
