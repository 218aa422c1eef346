"""`python -m dsocr_loaders`: the command line where the `dsocr` script is not on the path."""

from dsocr_loaders.cli import main

if __name__ == "__main__":
    main()
