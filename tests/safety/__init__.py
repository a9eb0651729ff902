"""Nothing that comes from outside does harm."""
