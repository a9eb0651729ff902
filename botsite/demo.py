"""What `make demo` adds to a plain start: sample data and somebody who may log in."""

import os
import secrets
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command, get_commands

from botsite.embedded.files import open_private

ADMIN_NAME = "admin"


def prepare_demo(var_dir: Path) -> str:
    """Make the sample data and the admin user unless they exist; returns the password to show.

    The password is random, made once and kept under `var_dir` (mode 0600); one that was changed since is
    left alone and not known here.
    """
    if "seed_demo" in get_commands():
        call_command("seed_demo", verbosity=0)
    password = _kept_password(var_dir / "admin-password")
    user = User.objects.filter(username=ADMIN_NAME).first()
    if user is None:
        User.objects.create_superuser(ADMIN_NAME, password=password)
    elif not user.check_password(password):
        return "(the one you chose)"
    return password


def _kept_password(path: Path) -> str:
    if not path.exists():
        with open(open_private(path, os.O_WRONLY), "w") as file:
            file.write(secrets.token_urlsafe(9))
    return path.read_text()
