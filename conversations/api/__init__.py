"""The conversations' part of the REST API: messages, users, transcripts."""
