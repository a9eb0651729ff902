"""The least that a Django site could do with a webhook: the floor that ours is measured against."""
