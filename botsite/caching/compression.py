"""Compression of what is worth it."""

from django_redis.compressors.zlib import ZlibCompressor

MAGIC = b"\x78"
"""What compressed values begin with, and no JSON text does."""


class LargeValueCompressor(ZlibCompressor):  # type: ignore[misc]  # django-redis is not typed
    """Compresses values above 1 KB; below, the work costs more than the bytes."""

    min_length = 1024

    def decompress(self, value: bytes) -> bytes:
        # Finding out by an exception that a value is not compressed costs more than reading its JSON.
        return super().decompress(value) if value[:1] == MAGIC else value
