"""Generates models, request types and the synchronous client: python -m codegen.generate."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import unasync

from codegen.document import Schema, aliases_of, models_of, requests_of

root = Path(__file__).parent.parent

shared_options = (
    "--input-file-type=openapi", "--openapi-scopes=schemas", "--target-python-version=3.10",
    "--enum-field-as-literal=all", "--formatters=builtin", "--disable-timestamp", "--strict-refs",
    "--use-schema-description", "--use-field-description", "--collapse-root-models",
)  # fmt: skip

#: Names whose synchronous form is not the name without `Async`.
synchronous_names = {
    "_async": "_sync", "async_sleep": "sleep", "aclosing": "closing", "aclose": "close", "aread": "read",
    "aconnect_sse": "connect_sse", "aiter_sse": "iter_sse", "aiter_text": "iter_text",
    "aiter_lines": "iter_lines",
}  # fmt: skip


def generate(document: Path, package: Path) -> None:
    described: Schema = json.loads(document.read_text(encoding="utf-8"))
    generate_models(models_of(described), package / "models.py", aliases_of(described))
    run_generator(requests_of(described), package / "types.py", "--output-model-type=typing.TypedDict")
    generate_sync(package)


def generate_models(schemas: Schema, output: Path, aliases: dict[str, str]) -> None:
    with TemporaryDirectory() as directory:
        names = Path(directory) / "aliases.json"
        names.write_text(json.dumps(aliases))
        run_generator(
            schemas, output, "--output-model-type=pydantic_v2.BaseModel", "--base-class=switchyard_client._model.Model",
            "--snake-case-field", "--use-annotated", "--field-extra-keys", "repr", f"--aliases={names}",
        )  # fmt: skip


def run_generator(schemas: Schema, output: Path, *options: str) -> None:
    with TemporaryDirectory() as directory:
        source = Path(directory) / "openapi.json"
        source.write_text(json.dumps(schemas), encoding="utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator", "--input", str(source), "--output", str(output)]
        subprocess.run([*command, *shared_options, *options], check=True)


def generate_sync(package: Path) -> None:
    """Copies `_async` to `_sync` without async and await; `AsyncJobs` becomes `Jobs`."""
    sources = sorted((package / "_async").glob("*.py"))
    names = {name for source in sources for name in re.findall(r"\bAsync[A-Z]\w*", source.read_text())}
    replacements = {name: name.removeprefix("Async") for name in names} | synchronous_names
    rule = unasync.Rule("/_async/", "/_sync/", additional_replacements=replacements)
    unasync.unasync_files([str(source) for source in sources], [rule])


if __name__ == "__main__":
    generate(root.parent.parent / "openapi" / "openapi.json", root / "src" / "switchyard_client")
