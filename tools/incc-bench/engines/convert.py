"""What engines share that have a model format, and a converter, of their own."""
import subprocess


def run_converter(command, files):
    """Runs a program that must write `files`; what it prints is told only when it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        raise RuntimeError(f"its converter ended with status {done.returncode}: "
                           + (lines[-1] if lines else "no output"))
    if missing := [file.name for file in files if not file.exists()]:
        raise RuntimeError(f"its converter did not write {', '.join(missing)}: "
                           + (lines[-1] if lines else "no output"))
