"""Telling people: by e-mail, webhook and WhatsApp."""
