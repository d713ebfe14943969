"""The checks on every Python and storage, each in an environment of its own: `nox --list`, `nox -s lint`.

`make test` is what CI runs, on one Python. `nox` finds what differs between Pythons and without a PostgreSQL server.
"""

import nox

PYTHONS = ("3.11", "3.12", "3.13")

nox.needs_version = ">=2026.2"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False


def install(session: nox.Session, *groups: str) -> None:
    """Install the library with all extras and the dependency groups, in the pinned versions."""
    pinned = ("--quiet", "--constraint", "constraints.txt")
    session.install(*pinned, "--upgrade", "pip")  # an older pip does not know dependency groups
    session.install(*pinned, "--editable", ".[all]", *(f"--group={group}" for group in groups))


@nox.session(python=PYTHONS)
@nox.parametrize("storage", ["sqlite", "postgresql"], ids=["sqlite", "postgresql"])
def tests(session: nox.Session, storage: str) -> None:
    """Run the tests without a PostgreSQL server, or with one; arguments after `--` go to pytest.

    The long searches are left to `make test`.
    """
    install(session, "test", *(["server"] if storage == "postgresql" else []))
    # Without a server, its tests are skipped, even where the environment names one.
    env = {"PAINSCHOOL_POSTGRESQL_URL": ""} if storage == "sqlite" else {}
    arguments = session.posargs or ["-n", "2", "--dist", "worksteal", "-m", "not search"]
    session.run("python", "-m", "pytest", *arguments, env=env)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the direction of imports."""
    install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages; a warning is an error."""
    install(session, "docs")
    session.run("sphinx-build", "--fail-on-warning", "--quiet", "-b", "html", "docs", "docs/_build/html")
