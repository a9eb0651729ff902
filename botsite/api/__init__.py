"""The REST API's ground: scoped keys, the error envelope, strict bodies, pages. Knows no domain."""
