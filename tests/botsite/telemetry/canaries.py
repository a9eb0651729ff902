"""What must never stand in a log, in forms that cannot get there by chance, and the search for it."""

import base64
from pathlib import Path

CUSTOMER = "573119876501"
STRANGER = "573119876502"
NUMBERS = (CUSTOMER, STRANGER)
TEXT = "canario de texto muy privado"
NAME = "Canaria Quiñones"
SEARCH = "buscado-canario"
APP_SECRET = "canary-app-secret-1"
ACCESS_TOKEN = "EAAcanaryAccessToken1"
PATH_SECRET = "canary-path-secret-1"
PASSWORD = "canary-password-1"
WRONG_KEY = "bsk_canarywrongkey1"
MODEL_KEY = "sk-canarymodelkey1"
LARAVEL_TOKEN = "canary-laravel-token-1"
QR_CODE = "2@CanaryQrPayload1"


def _forms(number: str) -> list[str]:
    local = number[2:]
    return [
        number,
        local,
        f"{local[:3]} {local[3:6]} {local[6:]}",
        f"{local[:3]}-{local[3:6]}-{local[6:]}",
        base64.b64encode(number.encode()).decode().rstrip("="),
    ]


CANARIES = (
    *(form for number in NUMBERS for form in _forms(number)),
    *(TEXT, "canario", NAME, "Canaria", "Qui\\u00f1ones", SEARCH, PASSWORD),
    *(APP_SECRET, ACCESS_TOKEN, PATH_SECRET, WRONG_KEY, MODEL_KEY, LARAVEL_TOKEN, QR_CODE),
)


def found_in(folder: Path, *more: str) -> list[str]:
    """Return where a canary stands below `folder`: `file: line` for each, the rotated files included."""
    logs = [path for path in folder.rglob("*.log*") if path.is_file()]
    assert logs, "there is nothing to search"
    return [
        f"{path.name}: {line}"
        for path in sorted(logs)
        for line in path.read_text(errors="replace").splitlines()
        if any(canary in line for canary in (*CANARIES, *more))
    ]
