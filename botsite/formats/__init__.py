"""How dates are written: short, and alike in both languages."""
