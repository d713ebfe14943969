"""The checks on every Python and storage, each in an environment of its own: `nox --list`, `nox -s lint`.

`make test` is what CI runs, on one Python. `nox` finds what differs between Pythons, and without PostgreSQL.
"""

import nox

PYTHONS = ("3.11", "3.12", "3.13")

nox.needs_version = ">=2026.2"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False


def install(session: nox.Session, extras: str, *groups: str) -> None:
    """Install the library with extras and dependency groups, in the pinned versions."""
    pinned = ("--quiet", "--constraint", "constraints.txt")
    session.install(*pinned, "--upgrade", "pip")  # an older pip does not know dependency groups
    session.install(*pinned, "--editable", f".[{extras}]", *(f"--group={group}" for group in groups))


@nox.session(python=PYTHONS)
@nox.parametrize("storage", ["sqlite", "postgresql"], ids=["sqlite", "postgresql"])
def tests(session: nox.Session, storage: str) -> None:
    """Run the tests, without psycopg and a server, or with both; arguments after `--` go to pytest.

    The long searches are left to `make test`.
    """
    if storage == "postgresql":
        install(session, "all", "test", "server")
        env = {}
    else:
        install(session, "sql,cli,testing", "test")
        env = {"PAINSCHOOL_POSTGRESQL_URL": ""}  # no server, even where the environment names one
    arguments = session.posargs or ["-n", "2", "--dist", "worksteal", "-m", "not search"]
    session.run("python", "-m", "pytest", *arguments, env=env)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the direction of imports."""
    install(session, "all", "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages; a warning is an error."""
    install(session, "all", "docs")
    session.run("sphinx-build", "--fail-on-warning", "--quiet", "-b", "html", "docs", "docs/_build/html")
