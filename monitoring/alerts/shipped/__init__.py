"""The shipped rules by subject."""
