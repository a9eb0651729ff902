"""A process of its own that writes numbered lines to a shared file: name, count, path, limit, kept."""

import sys
from pathlib import Path

from botsite.telemetry.shared_file import SharedFile


def main() -> None:
    name, count, path, limit, kept = sys.argv[1:]
    shared = SharedFile(Path(path), limit=int(limit), kept=int(kept))
    for number in range(int(count)):
        shared.write(f"{name}:{number}:{'x' * (number % 300)}:end\n".encode())


if __name__ == "__main__":
    main()
