"""Adapters of the WhatsApp providers: pure functions and clients, without database or task queue."""
