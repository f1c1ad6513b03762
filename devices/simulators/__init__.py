"""Programs outside that speak a device's wire and misbehave on demand."""
