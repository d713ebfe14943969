"""The patients' inbox behind the region's integration platform, by signed webhooks. Needs the extra `http`."""
