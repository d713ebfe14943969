"""Bugs in exports: what counts as one, in whose file it is, and what a spreadsheet makes of it."""

from proofs.seeded_bugs.bug import Bug, Catcher

_PUBLISHING = "tests/application/test_publishing.py"

BUGS = (
    Bug(
        name="a-download-counts-before-it-is-whole",
        harm="a purge would take what nobody has: the browser was closed in the middle",
        module="application.export_download",
        old="        archive.close()\n        yield from sink.pieces()\n",
        new="        archive.close()\n        self._receipt = self._record(files)\n        yield from sink.pieces()\n",
        caught_by=Catcher(
            "tests/application/test_export_download.py::test_a_download_that_is_broken_off_counts_for_nothing",
            "test_a_download_that_is_broken_off_counts_for_nothing",
        ),
    ),
    Bug(
        name="csv-alone-counts-as-exported",
        harm="messages would be destroyed that are in no export",
        module="application.unit_export",
        old="self._versions if receipt.is_complete else {}",
        new="self._versions",
        caught_by=Catcher(f"{_PUBLISHING}::test_only_an_export_of_everything_counts_before_a_purge"),
    ),
    Bug(
        name="two-exports-in-one-folder",
        harm="a unit would purge records of which its files hold another unit's",
        module="application.publishing",
        old="        flock(descriptor, LOCK_EX | LOCK_NB)\n",
        new="        pass\n",
        caught_by=Catcher(f"{_PUBLISHING}::test_a_second_export_at_the_same_time_is_refused_at_once"),
    ),
    Bug(
        name="half-an-export-passes-for-one",
        harm="an export that was cut off would be kept for the whole",
        module="application.publishing",
        old="            if left.name.startswith(UNFINISHED) and _is(folder / file.name, file.lstat()):\n",
        new="            if left.name.startswith(FINISHED) and _is(folder / file.name, file.lstat()):\n",
        caught_by=Catcher(f"{_PUBLISHING}::test_a_killed_export_leaves_nothing_after_the_next_one"),
    ),
    Bug(
        name="a-formula-after-a-semicolon",
        harm="what a patient wrote would be run by a Swedish spreadsheet",
        module="application.csv_cells",
        old="        if before in _SEPARATORS:\n",
        new='        if before == ",":\n',
        caught_by=Catcher("tests/application/test_csv_cells.py::test_no_formula_begins_a_cell"),
    ),
)
