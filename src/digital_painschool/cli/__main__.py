"""The command `digital-painschool` as a module: `python -m digital_painschool.cli`."""

from digital_painschool.cli import main

main()
