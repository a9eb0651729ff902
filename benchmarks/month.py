"""A month of a busy site, written by the database itself: minutes for a million messages."""

from django.db import connection

from monitoring.demo.history import seed_history
from sessions_app.models import Channel

MESSAGES_PER_RUN = 2
MESSAGES_PER_USER = 200
PEAK = 60.0
"""Messages in the busiest minute: about what a million in a month makes."""

_USERS = """
    INSERT INTO conversations_whatsappuser
        (channel_id, name, user_name, labels, language, last_sequence, last_inbound_at, created_at,
         lease_epoch, enrichment_attempts)
    SELECT %(channel)s, 'Customer ' || n, '', '[]', 'es', %(each)s,
        now() - random() * interval '30 days', now(), 0, 0
    FROM generate_series(1, %(users)s) n
"""
_THREADS = """
    INSERT INTO conversations_thread (user_id, summary, token_count, started_at, close_reason)
    SELECT id, '', (random() * 9000)::int, now() - interval '30 days', '' FROM conversations_whatsappuser
"""
_RUNS = """
    INSERT INTO conversations_run
        (thread_id, epoch, state, provider, model, response_id, tier, intent, route, input_tokens,
         cached_tokens, output_tokens, cost_usd, baseline_usd, cache_key, usage_unknown, degraded, error,
         started_at, finished_at, folded_at)
    SELECT thread.id, 1, 'completed',
        (ARRAY['deepseek', 'openai', 'gemini'])[1 + n %% 3], 'model-' || n %% 3, '', 'simple', 'question',
        'the cheapest that suits', 900, 300, 120, 0.000413, 0.004130, '', false, false, '',
        moment, moment, moment
    FROM conversations_thread thread, generate_series(1, %(each)s / 2) n,
        LATERAL (
            SELECT now() - interval '30 days' * ((n + random()) / (%(each)s / 2.0 + 1)) AS moment
        ) AS clock
"""
_MESSAGES = """
    INSERT INTO conversations_message
        (channel_id, user_id, thread_id, direction, sequence, author, kind, text, note, reply_to, external_id,
         token, degraded, state, reason, failures, crashes, attempts, created_at)
    SELECT %(channel)s, thread.user_id, thread.id, way.direction, n, way.author, 'text',
        '¿Tienen el apartamento libre el fin de semana?', '', '', 'bench.' || thread.id || '.' || n,
        gen_random_uuid(), false,
        CASE WHEN way.direction = 'in' AND n = 1 AND thread.id %% 500 = 0 THEN 'held' ELSE way.state END,
        '', 0, 0, 0, now() - interval '30 days' * ((n + random()) / (%(each)s + 1.0))
    FROM conversations_thread thread, generate_series(1, %(each)s) n,
        LATERAL (SELECT * FROM (VALUES (0, 'in', 'customer', 'answered'), (1, 'out', 'assistant', 'read'))
            AS ways (odd, direction, author, state) WHERE odd = n %% 2) AS way
"""


def fill(messages: int) -> None:
    """Write so many messages of the last 30 days, a run for two of them, and the figures of that time."""
    channel, _ = Channel.objects.get_or_create(slug="bench", defaults={"kind": "simulator"})
    each = min(MESSAGES_PER_USER, messages)
    values = {"channel": channel.pk, "users": messages // each, "each": each}
    with connection.cursor() as cursor:
        for statement in (_USERS, _THREADS, _RUNS, _MESSAGES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    seed_history(peak=PEAK)
