"""SMS to staff by the gateway 46elks. Needs the extra `http`."""
