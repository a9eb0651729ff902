<?php

declare(strict_types=1);

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Schema;

return new class extends Migration
{
    public function up(): void
    {
        Schema::create('botsite_sessions', function (Blueprint $table): void {
            $table->id();
            $table->string('channel', 64);
            $table->string('session_id', 128);
            $table->string('status', 40)->nullable()->index();
            $table->timestampTz('status_at')->nullable();
            $table->unsignedBigInteger('status_version')->default(0);
            $table->text('qr')->nullable();
            $table->timestampTz('qr_at')->nullable();
            $table->unsignedBigInteger('qr_version')->default(0);
            $table->timestampTz('updated_at')->nullable();
            $table->unique(['channel', 'session_id']);
        });
        Schema::create('botsite_batches', function (Blueprint $table): void {
            $table->string('key', 64)->primary();
            $table->text('answer');
            $table->timestampTz('created_at')->index();  // rows older than a week may be deleted
        });
    }

    public function down(): void
    {
        Schema::dropIfExists('botsite_batches');
        Schema::dropIfExists('botsite_sessions');
    }
};
