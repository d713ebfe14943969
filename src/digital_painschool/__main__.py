"""The command `digital-painschool` as a module: `python -m digital_painschool`."""

from digital_painschool.cli import main

if __name__ == "__main__":
    main()
