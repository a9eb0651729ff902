"""How long what is stored, and its deletion in small steps."""
