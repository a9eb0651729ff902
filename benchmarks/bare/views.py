"""The floor's one view."""

import json

from django.db import connection
from django.http import HttpRequest, JsonResponse

CREATE_TABLE = "CREATE TABLE bare_webhook (id text PRIMARY KEY, body text NOT NULL)"


def webhook(request: HttpRequest, slug: str) -> JsonResponse:
    """Store the body by the id of its first message; 200 when it is committed. Nothing is verified."""
    message = json.loads(request.body)["entry"][0]["changes"][0]["value"]["messages"][0]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare_webhook (id, body) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [message["id"], request.body.decode()],
        )
    response = JsonResponse({"accepted": cursor.rowcount})
    response.headers["Content-Length"] = str(len(response.content))
    return response
