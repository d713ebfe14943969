"""A gateway that speaks as 46elks does."""

from tests.adapters.http.served import Served


class ElksServer(Served):
    """46elks, as far as its documentation goes."""
