"""What the assistant can do for a shop, one file a topic."""
