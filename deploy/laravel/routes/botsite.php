<?php

// Copy to routes/ and add to routes/api.php:  require __DIR__.'/botsite.php';
// LARAVEL_API_URL of Botsite is then the address of the site with /api at its end.

use App\Http\Controllers\QrController;
use App\Http\Controllers\WhatsappController;
use App\Http\Middleware\AuthenticateBotsite;
use Illuminate\Support\Facades\Route;

Route::middleware(AuthenticateBotsite::class)->group(function (): void {
    Route::post('/qr/batch', [QrController::class, 'storeQrBatch']);
    Route::post('/whatsapp/status/batch', [WhatsappController::class, 'updateStatusBatch']);
});
