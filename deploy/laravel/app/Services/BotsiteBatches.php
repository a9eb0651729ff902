<?php

declare(strict_types=1);

namespace App\Services;

use Illuminate\Database\UniqueConstraintViolationException;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Crypt;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Validator;

/**
 * Takes a batch of QR codes or statuses: once for each Idempotency-Key, and never an older version over a newer one.
 *
 * An item that is not valid is named in the answer and the others are taken; Botsite sets it aside for its staff.
 */
final class BotsiteBatches
{
    private const MAX_ITEMS = 1000;

    public function take(Request $request, string $kind): JsonResponse
    {
        $key = (string) $request->header('Idempotency-Key');
        $items = $request->json('items');
        if ($key === '' || strlen($key) > 64 || ! is_array($items) || ! array_is_list($items) || count($items) > self::MAX_ITEMS) {
            return response()->json(['message' => 'An Idempotency-Key and a list of items are needed.'], 422);
        }
        try {
            $answer = DB::transaction(fn (): array => $this->takeOnce($key, $kind, $items), 3);
        } catch (UniqueConstraintViolationException) {
            // Its repetition came while the first was under way, which is done now.
            $answer = $this->answerOf($key);
        }

        return response()->json($answer);
    }

    /** @return array{accepted: int, rejected: list<array{index: int, code: string, message: string}>} */
    private function takeOnce(string $key, string $kind, array $items): array
    {
        $known = DB::table('botsite_batches')->where('key', $key)->value('answer');
        if ($known !== null) {
            return json_decode($known, true);
        }
        // First, so that a repetition at the same moment waits here.
        DB::table('botsite_batches')->insert(['key' => $key, 'answer' => '{}', 'created_at' => now()]);
        $rejected = [];
        $rows = [];
        foreach ($items as $index => $item) {
            $validator = Validator::make(is_array($item) ? $item : [], $this->rules($kind));
            if ($validator->fails()) {
                $rejected[] = ['index' => $index, 'code' => 'invalid', 'message' => $validator->errors()->first()];
            } else {
                $rows[] = $item;
            }
        }
        // Everybody locks the sessions in one order, and so nobody waits in a ring.
        usort($rows, fn (array $a, array $b): int => [$a['channel'], $a['sessionId']] <=> [$b['channel'], $b['sessionId']]);
        foreach ($rows as $item) {
            $this->store($kind, $item);
        }
        $answer = ['accepted' => count($rows), 'rejected' => $rejected];
        DB::table('botsite_batches')->where('key', $key)->update(['answer' => json_encode($answer)]);

        return $answer;
    }

    private function store(string $kind, array $item): void
    {
        $session = ['channel' => $item['channel'], 'session_id' => $item['sessionId']];
        $said = $kind === 'qr'
            ? ['qr' => Crypt::encryptString($item['qr']), 'qr_at' => $item['timestamp'], 'qr_version' => $item['version']]
            : ['status' => $item['status'], 'status_at' => $item['timestamp'], 'status_version' => $item['version']];
        DB::table('botsite_sessions')->insertOrIgnore($session);
        DB::table('botsite_sessions')
            ->where($session)
            ->where("{$kind}_version", '<', $item['version'])
            ->update([...$said, 'updated_at' => now()]);
    }

    /** @return array<string, list<string>> */
    private function rules(string $kind): array
    {
        return [
            'channel' => ['required', 'string', 'max:64'],
            'sessionId' => ['required', 'string', 'max:128'],
            'version' => ['required', 'integer', 'min:1'],
            'timestamp' => ['required', 'date'],
            $kind => ['required', 'string', $kind === 'qr' ? 'max:65535' : 'max:40'],
        ];
    }

    private function answerOf(string $key): array
    {
        return json_decode((string) DB::table('botsite_batches')->where('key', $key)->value('answer'), true);
    }
}
