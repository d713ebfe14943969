"""How a school is put together: settings, plugins, and the school itself."""
