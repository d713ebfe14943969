"""The examples run as a reader runs them, and say what the reader is told they say."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
TO_CORRECT = "Några svar behöver rättas. Rätta dem och spara igen. smarta: Välj ett tal på skalan, från 0 till 10."
READ_ONLY = "Momentet är i vidmakthållande. Det går att läsa, men inte att göra det här."


def told(name: str, folder: Path) -> list[str]:
    """Run an example in an empty folder, with warnings as errors, and give its lines."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        cwd=folder,
        env={"PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_portal_shows_what_is_possible_and_says_why_not(tmp_path: Path) -> None:
    """A host that copies the example would otherwise begin with an error."""
    lines = told("embed_in_a_portal.py", tmp_path)
    assert [
        "Kontrollera numret: NEJ. Den sista siffran stämmer inte med resten. Kontrollera om något är felskrivet.",
        (
            "Starta igen: NEJ. Patienten har redan momentet på enheten, hos SE2321000131-P000000123456. Fråga"
            " behandlaren, eller be invånaradministratören byta behandlare."
        ),
        "Läs modul 1: Vad är smärta?",
        "Spara 11 av 10: NEJ. " + TO_CORRECT,
        "Spara 9 av 10: ifyllt 1 gång",
        "Mina: 19850709-**** har 1 flagga, prioriterad",
        "Öppna formuläret: {'smarta': 9}",
        "Skriv: konversation 1",
        "Lämna fram aviseringar: 1 framlämnad",
        "Spara i vidmakthållande: NEJ. " + READ_ONLY,
    ] == lines


def test_the_adapter_is_found_chosen_and_used(tmp_path: Path) -> None:
    """A plugin author who copies the example would otherwise begin with an error."""
    lines = told("own_adapter.py", tmp_path)
    assert [
        "inboxes on offer: folder, memory, sql, webhook",
        "handed over: 1",
        "the file says: Du har något nytt att läsa. Logga in för att se det.",
    ] == lines


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A script that is run to look at it would otherwise leave files where it was run."""
    for example in sorted(EXAMPLES.glob("*.py")):
        told(example.name, tmp_path)
    assert [] == list(tmp_path.iterdir())
