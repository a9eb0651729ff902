<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Services\BotsiteBatches;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

final class WhatsappController
{
    public function updateStatusBatch(Request $request, BotsiteBatches $batches): JsonResponse
    {
        return $batches->take($request, 'status');
    }
}
