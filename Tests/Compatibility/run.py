"""Runs the clients of others against a server.

    python3 run.py [--server PROGRAM] [--models DIRECTORY] [--directory DIRECTORY] [TEST...]

Makes the environments that the clients live in, starts a server with the default model, and runs each test_*.py, or those
that are named (openai, mteb, ...), in a process of its own. Exits with 1 if one fails or cannot be run.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

import environments
import server

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Of a whole module, in seconds: its requests have smaller limits.
TIME_LIMIT = 600
# What clients would read of the caller's, or do beside their work.
FOREIGN = ("OPENAI_", "OLLAMA_", "HF_", "HUGGING", "LITELLM_", "LANGCHAIN_", "LANGSMITH_", "CHROMA_", "MTEB_", "GRACE_",
           "PYTHON", "COVERAGE_", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
# Of the tests that are not in the one of all clients.
ENVIRONMENTS = {"mteb": "mteb", "ui": "browser", "ui_marks": "browser"}
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONPATH": str(HERE / "fence"),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "ignore",
}


def environment(home, **variables):
    """The variables of a test: those of the caller that no client reads, and a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
    return {**kept, **SETTINGS, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **variables}


def passes(name, python, variables):
    """Runs the tests of one module and says whether they passed."""
    print(f"\n-- {name}", flush=True)
    started = time.monotonic()
    try:
        status = subprocess.run(
            [python, "-m", "unittest", f"test_{name}"], cwd=HERE, env=variables, timeout=TIME_LIMIT).returncode
    except subprocess.TimeoutExpired:
        status = f"none within {TIME_LIMIT} s"
    print(f"-- {name}: {'passed' if status == 0 else f'FAILED (status {status})'} "
          f"in {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


def run(arguments, names):
    """The names of what failed."""
    directory = arguments.directory.resolve()
    home = directory / "home"
    home.mkdir(parents=True, exist_ok=True)
    pythons, failed = {}, []
    makers = {"clients": environments.clients, "mteb": environments.mteb, "browser": environments.browser}
    for wanted, make in makers.items():
        users = [name for name in names if ENVIRONMENTS.get(name, "clients") == wanted]
        try:
            if users:
                pythons.update(dict.fromkeys(users, make(directory)))
        except environments.CannotInstall as error:
            print(f"run.py: {error}", file=sys.stderr)
            if wanted == "mteb":
                print(f"run.py: mteb needs torch: install it from PyPI, or name a Python that has torch and transformers "
                      f"in {environments.TORCH_PYTHON}", file=sys.stderr)
            failed += users
    if pythons:
        models = server.prepare_models(arguments.models, directory / "models")
        with server.running(arguments.server, models, "--model-alias", "text-embedding-3-small=default") as (url, admin):
            variables = environment(
                home, GRACE_TEST_URL=url, GRACE_TEST_ADMIN_URL=admin, GRACE_TEST_SERVER=str(arguments.server.absolute()),
                GRACE_TEST_MODELS=str(models))
            failed += [name for name, python in pythons.items() if not passes(name, python, variables)]
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", type=pathlib.Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "Models", help="where the default model and its base are")
    parser.add_argument("--directory", type=pathlib.Path, default=ROOT / ".build-compatibility",
                        help="where environments and models are kept")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="openai, mteb, ...: test_openai.py, ...")
    arguments = parser.parse_args()
    known = sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py"))
    unknown = [name for name in arguments.tests if name not in known]
    if unknown:
        parser.error(f"there is no test {unknown[0]}; there are {', '.join(known)}")
    names = [name for name in known if name in (arguments.tests or known)]
    try:
        failed = run(arguments, names)
    except (server.ServerError, OSError) as error:
        sys.exit(f"run.py: {error}")
    print(f"\nclients: {len(names) - len(failed)} passed, {len(failed)} failed", flush=True)
    if failed:
        sys.exit(f"run.py: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
