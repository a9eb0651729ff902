<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;

/**
 * Lets in whoever bears the token of config('services.botsite.token'): the LARAVEL_API_TOKEN of Botsite.
 */
final class AuthenticateBotsite
{
    public function handle(Request $request, Closure $next): Response
    {
        $expected = (string) config('services.botsite.token');
        if ($expected === '' || ! hash_equals($expected, (string) $request->bearerToken())) {
            return response()->json(['message' => 'Unauthenticated.'], 401);
        }

        return $next($request);
    }
}
