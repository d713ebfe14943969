"""The desks: what one kind of person can do. Hosts talk to these and to nothing behind them."""
