"""The application: the desks that hosts call, their views and results, and the executor that runs every command."""
