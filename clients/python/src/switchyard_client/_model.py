"""Base of all generated models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A schema of the API. Fields that this version does not know are kept, and sent back unchanged."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())
