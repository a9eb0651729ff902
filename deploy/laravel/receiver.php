<?php

/**
 * The same receiver without Laravel, for a first try:  DATA_FILE=/tmp/sessions.json TOKEN=… php -S 127.0.0.1:8090 receiver.php
 *
 * POST /api/qr/batch, POST /api/whatsapp/status/batch: once for each Idempotency-Key, an older version never over
 * a newer one, what is not valid named in "rejected". GET /api/sessions: what is known. All of it is kept in one
 * file under a lock.
 */

declare(strict_types=1);

const KINDS = ['/api/qr/batch' => 'qr', '/api/whatsapp/status/batch' => 'status'];

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
}

/** Runs $work with the stored state and writes back what it returns under 'state'. */
function with_state(callable $work): array
{
    $file = fopen(getenv('DATA_FILE') ?: sys_get_temp_dir().'/botsite-sessions.json', 'c+');
    flock($file, LOCK_EX);
    $state = json_decode(stream_get_contents($file) ?: '', true) ?? ['sessions' => [], 'answers' => []];
    $result = $work($state);
    rewind($file);
    ftruncate($file, 0);
    fwrite($file, json_encode($state, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
    fclose($file);

    return $result;
}

/** What is wrong with an item; '' is nothing. */
function fault(mixed $item, string $kind): string
{
    foreach (['channel', 'sessionId', 'timestamp', $kind] as $name) {
        if (! is_string($item[$name] ?? null) || $item[$name] === '') {
            return "{$name} is missing";
        }
    }

    return is_int($item['version'] ?? null) && $item['version'] > 0 ? '' : 'version is not a positive number';
}

function take(array &$state, string $kind, string $key, array $items): array
{
    if (isset($state['answers'][$key])) {
        return $state['answers'][$key] + ['repeated' => true];
    }
    $rejected = [];
    foreach ($items as $index => $item) {
        $fault = fault($item, $kind);
        if ($fault !== '') {
            $rejected[] = ['index' => $index, 'code' => 'invalid', 'message' => $fault];
            continue;
        }
        $known = &$state['sessions'][$item['channel']][$item['sessionId']][$kind];
        if (! isset($known) || $known['version'] < $item['version']) {
            $known = ['value' => $item[$kind], 'version' => $item['version'], 'timestamp' => $item['timestamp']];
        }
        unset($known);
    }

    return $state['answers'][$key] = ['accepted' => count($items) - count($rejected), 'rejected' => $rejected];
}

function respond(): void
{
    $token = (string) getenv('TOKEN');
    $authorization = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
    if ($token !== '' && ! hash_equals("Bearer {$token}", $authorization)) {
        answer(401, ['message' => 'Unauthenticated.']);

        return;
    }
    $path = rtrim((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
    if ($_SERVER['REQUEST_METHOD'] === 'GET' && $path === '/api/sessions') {
        answer(200, with_state(fn (array &$state): array => ['sessions' => $state['sessions']]));

        return;
    }
    $kind = KINDS[$path] ?? null;
    if ($kind === null || $_SERVER['REQUEST_METHOD'] !== 'POST') {
        answer(404, ['message' => 'There is no such address.']);

        return;
    }
    $body = json_decode((string) file_get_contents('php://input'), true);
    $key = $_SERVER['HTTP_IDEMPOTENCY_KEY'] ?? '';
    if ($key === '' || ! is_array($body['items'] ?? null) || ! array_is_list($body['items'])) {
        answer(422, ['message' => 'An Idempotency-Key and a list of items are needed.']);

        return;
    }
    answer(200, with_state(fn (array &$state): array => take($state, $kind, $key, $body['items'])));
}

respond();
