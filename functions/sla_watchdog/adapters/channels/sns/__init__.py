"""SNS: a topic for each recipient."""
