"""Data of the demonstration that `manage.py seed_demo` loads."""
