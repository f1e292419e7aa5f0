"""The one polite HTTP client: cache, retries, rate limits, circuit breaker, egress policy, provenance."""
