"""The same as the command `digital-painschool`: `python -m digital_painschool.cli`."""

from digital_painschool.cli import main

main()
