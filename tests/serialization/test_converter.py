"""The strict converter: its hooks are made at import, and every problem is named."""

import subprocess
import sys

EAGER = """
import cattrs.gen
from digital_painschool.adapters.toml_directory import TomlDirectory
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.programs import bundled_program, program_from_data, program_to_data

def thrown_in(*args, **kwargs):
    raise AssertionError("a hook is made late")

cattrs.gen.make_dict_structure_fn_from_attrs = thrown_in
cattrs.gen.make_dict_unstructure_fn_from_attrs = thrown_in
folder = sys.argv[1]
with open(f"{folder}/staff.toml", "w") as file:
    file.write('["SE2321000131-P1"]\\nemail = "a@b.example"\\n')
with open(f"{folder}/school.toml", "w") as file:
    file.write(
        'storage = "memory://"\\n[[messengers]]\\nname = "files"\\n[policy]\\nheading = "Hej"\\n'
        '[units.SE2321000131-E1]\\npolicy.heading = "Hejsan"\\n'
    )
TomlDirectory(f"{folder}/staff.toml")
read_settings(f"{folder}/school.toml")
program_from_data(program_to_data(bundled_program()), "kept")
"""


def test_no_hook_is_made_after_the_import(tmp_path: object) -> None:
    """Otherwise a worker that is ended while cattrs makes a hook would leave a RecursionError to every later call."""
    script = f"import sys\n{EAGER}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (0, "") == (done.returncode, done.stderr)
