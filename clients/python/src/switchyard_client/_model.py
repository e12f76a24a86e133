"""Base of all generated models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A schema of the API. Fields that this version does not know are kept, and sent back unchanged.

    Errors of validation do not contain values, which may be secrets.
    """

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True, populate_by_name=True, protected_namespaces=())
