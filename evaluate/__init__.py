"""Put the same held-out probes to base and adapters and turn the findings into a verdict."""
