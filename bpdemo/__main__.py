"""`python -m bpdemo`."""

from bpdemo.cli import main

if __name__ == "__main__":
    main()
