"""Build hook: generates the modules that are not in the repository before they are packed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

root = Path(__file__).parent
document = root.parent.parent / "openapi" / "openapi.json"
package = root / "src" / "switchyard_client"


class GenerateHook(BuildHookInterface[Any]):
    """Generates from the repository's OpenAPI document. An sdist has the generated modules and no document."""

    def dependencies(self) -> list[str]:
        return (root / "codegen" / "requirements.txt").read_text().split() if document.exists() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not document.exists():
            return
        sys.path.insert(0, str(root))
        from codegen.generate import generate

        generate(document, package)
