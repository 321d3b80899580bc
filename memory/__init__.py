"""All that is remembered of customers."""
