<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Services\BotsiteBatches;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

final class QrController
{
    public function storeQrBatch(Request $request, BotsiteBatches $batches): JsonResponse
    {
        return $batches->take($request, 'qr');
    }
}
