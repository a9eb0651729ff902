"""Django's PostgreSQL backend with what a service needs: deadlines of its own, and a bound of connections."""
