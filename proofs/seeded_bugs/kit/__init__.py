"""The suites of the kit that are let loose on the bugs, beside the contracts that the adapters' own tests run."""
