"""Programs as files and as data, and the bundled example."""

from digital_painschool.programs.toml import (
    bundled_program,
    load_program,
    program_from_data,
    program_to_data,
    read_program,
)

__all__ = ["bundled_program", "load_program", "program_from_data", "program_to_data", "read_program"]
