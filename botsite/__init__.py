"""The site: settings, and machinery that knows no domain."""

from botsite.celery import app as celery_app

__all__ = ("celery_app",)
