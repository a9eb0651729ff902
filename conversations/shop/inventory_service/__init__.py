"""The inventory of another system, asked over SOAP (docs/inventory.md)."""
