"""A chat page in the browser that plays a customer's phone."""
