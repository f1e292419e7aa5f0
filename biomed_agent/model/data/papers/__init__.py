"""Papers read, cleaned and packed into shards of tokens."""
